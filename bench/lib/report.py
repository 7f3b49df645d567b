# SPDX-License-Identifier: MIT
"""What the reports of benches share: results, bars, tables, and where it was run."""
import json
import operator
import pathlib
import platform
import statistics
import subprocess

OPS = {"<=": operator.le, ">=": operator.ge}


def load(out, runs):
    """All results of OUT/RUN.jsonl, each with the run it is from."""
    results = []
    for run in runs:
        for line in (out / f"{run}.jsonl").read_text().splitlines():
            results.append({"run": run, **json.loads(line)})
    return results


def values(results, run, what, records=None):
    return [r["value"] for r in results if r["run"] == run
            and r["what"] == what and records in (None, r["records"])]


def value(results, run, what, records=None):
    return statistics.median(values(results, run, what, records))


def sizes(results, run, what):
    return sorted({r["records"] for r in results
                   if r["run"] == run and r["what"] == what})


def bar(name, measured, op, limit):
    return {"name": name, "value": round(measured, 3), "op": op,
            "limit": limit, "holds": OPS[op](round(measured, 3), limit)}


def first_line(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout.splitlines()[0]


def machine():
    model = [line.split(":", 1)[1].strip()
             for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {"cpu": model[0] if model else platform.machine(),
            "cpus": len(model), "host kernel": platform.release()}


def versions(**more):
    """Of what every bench is made with, and of @more: name = a command."""
    found = {"linux-source": first_line("dpkg-query", "-W", "-f", "${Version}\n",
                                        "linux-source-6.12"),
             "qemu": first_line("qemu-system-x86_64", "--version"),
             "gcc": first_line("gcc", "--version")}
    found.update({name: first_line(*command).split(",")[0]
                  for name, command in more.items()})
    return found


def where(output):
    """Machine and versions, as a document says them."""
    found = output["versions"].copy()
    what = ", ".join([f"linux-source {found.pop('linux-source')}", *found.values()])
    return f"Host: {output['machine']['cpu']}, {output['machine']['cpus']} CPUs; {what}."


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def write(out, output):
    path = out / f"{output['bench']}.json"
    path.write_text(json.dumps(output, indent=1) + "\n")


def gnuplot(commands, data, lines):
    """Runs gnuplot with LINES in the file DATA, which goes afterwards."""
    data.write_text("\n".join(lines))
    subprocess.run(["gnuplot"], input=commands, text=True, check=True)
    data.unlink()
