# What people and pipelines do with this repository. `make` alone lists it, from the lines with two hashes.

# Where the server looks for images too, unless its configuration file says otherwise.
IMAGES := $(or $(VMPLANE_IMAGE_DIR),$(or $(VMPLANE_STATE_DIR),.vmplane)/images)
JAR := target/vmplane.jar
PROGRAM := target/vmplane
# With the directories, so that a file that has gone counts as a change.
SOURCES := pom.xml $(shell find src -path src/guest -prune -o -print)

# The programs each target calls, as groups of .ci/tools. They are looked for once, for all that was asked of make, so that
# what is missing is missing in one message. The list of kernels matters only until build.sh has one in its cache.
guest_tools := guest $(if $(wildcard $(dir $(IMAGES))cache/kernel/package),,kernel)
tools_for_build := java
tools_for_crash := java crash
tools_for_fmt := java
tools_for_guest := $(guest_tools)
tools_for_test := java $(guest_tools) qemu images registry crash
# The simulator boots nothing. QEMU is what every other host can fall back on, unless another hypervisor is asked for.
ifeq ($(FC_BACKEND),simulator)
run_images :=
tools_for_run := java
else
run_images := guest
tools_for_run := java $(guest_tools) images $(if $(filter-out qemu,$(FC_BACKEND)),,qemu)
endif
TOOLS := $(sort $(foreach goal,$(MAKECMDGOALS),$(tools_for_$(goal))))

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test crash build guest fmt clean tools

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 } /^##/ { print substr($$0, 4) }' $(MAKEFILE_LIST)

run: tools $(PROGRAM) $(run_images) ## build what has changed, and serve here until Ctrl-C; the VMs go on
	@exec "$${JAVA_HOME:+$$JAVA_HOME/bin/}java" -jar $(JAR) serve --config conf/vmplane.yaml

test: tools guest ## check everything: style, the C under its sanitizers, all of the Java, with real VMs
	src-test/guest/run.sh
	src-test/launcher/run.sh
	@rm -f $(JAR) $(PROGRAM)
	mvn -B -ntp verify "-Dvmplane.images=$(abspath $(IMAGES))"

crash: tools ## kill the control plane 1,000 times and look for what is lost or left behind (KILLS=, SEED=)
	mvn -B -ntp test -Dtest=CrashTest -Dvmplane.crash.kills=$(or $(KILLS),1000) $(SEED:%=-Dvmplane.crash.seed=%)

build: tools $(PROGRAM) ## build the server and the command line, both in one file: target/vmplane

guest: tools ## build what guests boot from: kernel, initramfs and root file system
	@src/guest/build.sh "$(IMAGES)"

fmt: tools ## format the Java sources
	mvn -q -B spotless:apply

clean: ## remove target/ and nothing else: .vmplane/ holds the database, and VMs that may be running
	rm -rf target

##
## FC_BACKEND=firecracker|cloud_hypervisor|qemu|simulator   what `make run` runs VMs on; left out, the best this host can run
## VMPLANE_IMAGE_DIR=DIRECTORY             where the images go; left out, .vmplane/images

tools:
	@.ci/tools $(TOOLS)

# A server may be running from the jar it finds there. Removing the file first leaves it the old one, where writing over it
# would not.
$(JAR): $(SOURCES) | tools
	@rm -f $@
	@echo 'building $@ (the first time, its libraries are downloaded)'
	@mvn -q -B -Dmaven.test.skip=true package
	@touch $@

# As with the jar, a running one keeps the file it was started from.
$(PROGRAM): src/vmplane.sh $(JAR)
	@rm -f $@
	@cat src/vmplane.sh $(JAR) > $@
	@chmod +x $@
