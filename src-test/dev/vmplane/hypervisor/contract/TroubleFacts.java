package dev.vmplane.hypervisor.contract;

import static dev.vmplane.host.HostRig.await;
import static dev.vmplane.model.ReasonCode.HYPERVISOR_SILENT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import io.vertx.core.Future;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What comes of a process that hangs, vanishes, or is one of many. */
interface TroubleFacts extends Facts {
    int LIVES = 50;
    int LIVES_AT_ONCE = 5;

    /** What can be asked of a machine once it is up. */
    enum Order {
        INSPECT,
        BOOT,
        PAUSE,
        RESUME,
        RECLAIM
    }

    @Test
    default void aDeafProcessFailsTheCallWithinItsLimit() {
        var process = deaf(machine());

        assertThat(failureOf(hypervisor().pause(machine()))).isEqualTo(HYPERVISOR_SILENT);

        assertThat(runs(process)).isTrue();
    }

    @Test
    default void aProcessThatDiesInACallFailsIt() {
        var process = deaf(machine());
        var call = hypervisor().inspect(machine());

        await(rig().strike(machine(), process));

        assertThat(failureOf(call)).isEqualTo(HYPERVISOR_SILENT);
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    default void aMachineThatIsGoneTakesNoOrder(Order order) {
        var process = running(machine());
        await(rig().strike(machine(), process));
        await(hypervisor().ended(machine(), process));

        assertThat(failureOf(given(order))).isEqualTo(HYPERVISOR_SILENT);
    }

    @Test
    default void aSilentMachineDoesNotHoldUpAnother() {
        var process = running(machine());
        var other = rig().machine(2);
        running(other);
        await(rig().deafen(machine(), process));
        var waiting = hypervisor().inspect(machine());

        await(hypervisor().pause(other));

        assertThat(waiting.isComplete()).isFalse();
        assertThat(failureOf(waiting)).isEqualTo(HYPERVISOR_SILENT);
    }

    @Test
    default void fiftyLivesLeaveNoDescriptorBehind() {
        await(life(0));
        var before = descriptors();

        for (var first = 1; first < LIVES; first += LIVES_AT_ONCE) {
            await(Future.all(IntStream.range(first, first + LIVES_AT_ONCE)
                    .mapToObj(this::life)
                    .toList()));
        }

        Await.until(true, () -> Future.succeededFuture(descriptors() <= before));
    }

    private Future<?> given(Order order) {
        return switch (order) {
            case INSPECT -> hypervisor().inspect(machine());
            case BOOT -> hypervisor().boot(machine());
            case PAUSE -> hypervisor().pause(machine());
            case RESUME -> hypervisor().resume(machine());
            case RECLAIM -> hypervisor().reclaim(machine(), 16);
        };
    }

    private Future<Void> life(int number) {
        var machine = rig().machine(number);
        return hypervisor()
                .launch(machine)
                .compose(process -> hypervisor()
                        .configure(machine)
                        .compose(configured -> hypervisor().inspect(machine))
                        .compose(found -> hypervisor().kill(machine, process)));
    }

    private static long descriptors() {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
