// SPDX-License-Identifier: MIT
/* A machine. See machine.h. */

#include "emu/machine.h"

#include <errno.h>

#include "emu/boot_id.h"
#include "emu/boot_log.h"

/* What comes before the kernel, when PCRs begin anew. */
static int run_firmware(struct machine *machine)
{
	return machine->files.boot_log ? boot_log_extend(machine->config.tpm) :
					 0;
}

int machine_init(struct machine *machine, const struct kernel_config *config,
		 const struct machine_files *files, const struct out *image,
		 bool goes_on)
{
	int ret;

	machine->config = *config;
	machine->files = *files;
	machine->config.faults = &machine->faults;
	faults_init(&machine->faults);
	pthread_mutex_init(&machine->lock, NULL);
	machine->nr_kernels = 1;
	ret = goes_on ? 0 : run_firmware(machine);
	if (!ret)
		ret = boot_log_write(config->tpm, files->boot_log);
	if (!ret)
		ret = boot_id_write(files->boot_id);
	return ret ? ret :
		     kernel_boot(&machine->config, image, &machine->kernel);
}

void machine_fini(struct machine *machine)
{
	kernel_put(machine->kernel);
	pthread_mutex_destroy(&machine->lock);
	faults_fini(&machine->faults);
}

struct kernel *machine_kernel(struct machine *machine)
{
	struct kernel *kernel;

	pthread_mutex_lock(&machine->lock);
	kernel = kernel_get(machine->kernel);
	pthread_mutex_unlock(&machine->lock);
	return kernel;
}

uint64_t machine_nr_kernels(struct machine *machine)
{
	uint64_t nr;

	pthread_mutex_lock(&machine->lock);
	nr = machine->nr_kernels;
	pthread_mutex_unlock(&machine->lock);
	return nr;
}

/* With the lock held. On failure the old one stays, suspended. */
static int boot(struct machine *machine, const struct out *image)
{
	struct kernel *next;
	int ret;

	ret = kernel_boot(&machine->config, image, &next);
	if (ret)
		return ret;
	ret = boot_id_write(machine->files.boot_id);
	if (ret) {
		kernel_put(next);
		return ret;
	}
	kernel_retire(machine->kernel);
	machine->kernel = next;
	machine->nr_kernels = image ? machine->nr_kernels + 1 : 1;
	return 0;
}

int machine_kexec(struct machine *machine)
{
	struct out image = { 0 };
	int ret;

	pthread_mutex_lock(&machine->lock);
	ret = kernel_dump(machine->kernel, &image);
	if (!ret)
		ret = boot(machine, &image);
	pthread_mutex_unlock(&machine->lock);
	emu_out_fini(&image);
	return ret;
}

int machine_save(struct machine *machine, struct out *ret_list,
		 struct tpm_state *ret_tpm)
{
	int ret;

	pthread_mutex_lock(&machine->lock);
	ret = kernel_dump(machine->kernel, ret_list);
	if (!ret)
		ret = tpm_save(machine->config.tpm, ret_tpm);
	pthread_mutex_unlock(&machine->lock);
	return ret;
}

int machine_reboot(struct machine *machine)
{
	int ret;

	if (!tpm_can_restart(machine->config.tpm))
		return -EOPNOTSUPP;

	pthread_mutex_lock(&machine->lock);
	kernel_suspend(machine->kernel);
	ret = tpm_restart(machine->config.tpm);
	if (!ret)
		ret = run_firmware(machine);
	if (!ret)
		ret = boot(machine, NULL);
	pthread_mutex_unlock(&machine->lock);
	return ret;
}

/* Nothing is measured until it is over: that takes the TPM. */
int machine_hibernate(struct machine *machine)
{
	int ret;

	pthread_mutex_lock(&machine->lock);
	ret = tpm_hibernate(machine->config.tpm);
	if (!ret)
		ret = run_firmware(machine);
	pthread_mutex_unlock(&machine->lock);
	return ret;
}

int machine_sleep(struct machine *machine)
{
	int ret;

	pthread_mutex_lock(&machine->lock);
	ret = tpm_sleep(machine->config.tpm);
	pthread_mutex_unlock(&machine->lock);
	return ret;
}
