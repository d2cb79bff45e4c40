package dev.vmplane.hypervisor.contract;

import static dev.vmplane.host.HostRig.await;
import static dev.vmplane.model.ReasonCode.CONFIGURE_FAILED;
import static dev.vmplane.model.ReasonCode.HYPERVISOR_REFUSED;
import static dev.vmplane.model.ReasonCode.IMAGE_UNREADABLE;
import static dev.vmplane.model.ReasonCode.LAUNCH_FAILED;
import static dev.vmplane.model.ReasonCode.VMM_MISSING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machine.Disk;
import dev.vmplane.model.Resources;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a process comes to be and becomes its machine, or says why it cannot. */
interface LaunchFacts extends Facts {

    @Test
    default void aLaunchedMachineWaitsForItsBoot() {
        launched(machine());

        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    default void launchingAgainKeepsTheProcess() {
        var process = launched(machine());

        var again = launched(machine());

        assertThat(again).isEqualTo(process);
        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    default void aControlPlaneThatWasRestartedKeepsTheProcessItLaunchesAgain() {
        var process = launched(machine());

        var again = await(rig().hypervisor().launch(machine()));

        assertThat(again).isEqualTo(process);
    }

    @Test
    default void theSocketOfAFormerLifeDoesNotDisturbTheNext() throws IOException {
        var former = launched(machine());
        await(hypervisor().kill(machine(), former));

        var process = launched(machine());

        assertThat(process).isNotEqualTo(former);
        assertThat(await(hypervisor().inspect(machine()))).isEqualTo(Inspection.NOT_STARTED);
    }

    @Test
    default void aMissingProgramIsAReasonOfItsOwn() {
        assumeFalse(rig().traits().simulated(), "the simulator runs no program");

        var code = failureOf(rig().withoutProgram().launch(machine()));

        assertThat(code).isIn(VMM_MISSING, LAUNCH_FAILED);
        assertThat(await(rig().processes().running())).isEmpty();
    }

    @Test
    default void aMissingDiskIsAReasonOfItsOwn() {
        var disks = new ArrayList<>(machine().disks());
        disks.add(new Disk("missing", rig().home().resolve("no-such.img"), false));

        var code = failureOf(started(with(machine(), disks)));

        assertThat(code).isIn(IMAGE_UNREADABLE, CONFIGURE_FAILED, HYPERVISOR_REFUSED);
    }

    @Test
    default void aTextIsNoKernel() throws IOException {
        assumeFalse(rig().traits().simulated(), "the simulator reads no kernel");
        var text = Files.writeString(rig().home().resolve("kernel.txt"), "This is not a kernel.\n".repeat(1000));

        var code = failureOf(started(of(machine(), text)));

        assertThat(code).isIn(IMAGE_UNREADABLE, CONFIGURE_FAILED, HYPERVISOR_REFUSED);
    }

    /** Nobody makes such a directory to begin with; a driver that is given one must not leave a process it cannot reach. */
    @Test
    default void aMachineWhoseSocketHasATooLongPathIsNotLaunched() throws IOException {
        var directory = new RunDirectory(
                Files.createDirectories(rig().home().resolve("x".repeat(110)).resolve("vm-1")));
        var machine = machine();
        var remote = new Machine(
                machine.vmId(),
                directory,
                machine.kernel(),
                machine.initramfs(),
                machine.disks(),
                machine.resources(),
                machine.link(),
                machine.cgroups());

        failureOf(hypervisor().launch(remote));

        assertThat(await(rig().processes().running())).isEmpty();
    }

    @Test
    default void twoMachinesSideBySideDoNotSeeEachOther() {
        var other = rig().machine(2);
        var process = launched(machine());
        var beside = launched(other);
        await(hypervisor().configure(machine()));

        await(hypervisor().boot(machine()));
        assertThat(await(hypervisor().inspect(other))).isEqualTo(Inspection.NOT_STARTED);
        await(hypervisor().kill(machine(), process));

        assertThat(await(hypervisor().inspect(other))).isEqualTo(Inspection.NOT_STARTED);
        assertThat(runs(beside)).isTrue();
    }

    @Test
    default void ratesAndDisksToWriteToAreTaken() throws IOException {
        var disks = new ArrayList<>(machine().disks());
        disks.add(new Disk("overlay", image("overlay.img"), true));
        disks.add(new Disk("volume0", image("volume0.img"), true));
        var whole = with(machine(), disks, new Resources(2, 128, 1024, 50, 100));

        running(whole);

        assertThat(await(hypervisor().inspect(whole))).isEqualTo(Inspection.RUNNING);
    }

    private Future<Void> started(Machine machine) {
        return hypervisor()
                .launch(machine)
                .compose(process -> hypervisor().configure(machine))
                .compose(configured -> hypervisor().boot(machine));
    }

    private Path image(String name) throws IOException {
        var file = rig().home().resolve(name);
        Files.write(file, new byte[1 << 20]);
        return file;
    }

    private static Machine with(Machine machine, List<Disk> disks) {
        return with(machine, disks, machine.resources());
    }

    private static Machine with(Machine machine, List<Disk> disks, Resources resources) {
        return new Machine(
                machine.vmId(),
                machine.directory(),
                machine.kernel(),
                machine.initramfs(),
                disks,
                resources,
                machine.link(),
                machine.cgroups());
    }

    private static Machine of(Machine machine, Path kernel) {
        return new Machine(
                machine.vmId(),
                machine.directory(),
                kernel,
                machine.initramfs(),
                machine.disks(),
                machine.resources(),
                machine.link(),
                machine.cgroups());
    }
}
