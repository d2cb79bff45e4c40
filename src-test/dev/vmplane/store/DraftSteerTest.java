package dev.vmplane.store;

import static dev.vmplane.store.Books.put;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Address.SteerJob;
import dev.vmplane.bus.Address.SteerJob.Way;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Guard;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.States;
import dev.vmplane.model.VmState;
import dev.vmplane.model.WarmPool;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Jobs that are stopped, started and restarted. */
class DraftSteerTest {
    private final Books books = new Books();

    @Test
    void aStoppedJobLetsItsVmsGoAndStaysWhatItIs() {
        books.wish("web", Specs.service("red", 1, 2, 2));
        books.owned("vm-a", "red", "web", Phase.RUNNING);
        books.there("vm-b", "red", books.owner("web", 1), Phase.BOOTING);

        var answer = steer(Way.STOP);

        assertThat(answer.changed()).isTrue();
        assertThat(books.phase("vm-a")).isEqualTo(Phase.DRAINING);
        assertThat(books.phase("vm-b")).isEqualTo(Phase.STOPPING);
        assertThat(books.vm("vm-a").state().reason().code()).isEqualTo(ReasonCode.JOB_STOPPED);
        assertThat(answer.job().run()).isFalse();
        assertThat(answer.job().generation()).isEqualTo(2);
        assertThat(answer.job().spec()).isEqualTo(Specs.service("red", 1, 2, 2));
        assertThat(books.factsOf(EventType.JOB_CHANGED)).containsEntry("run", false);
    }

    @Test
    void aStoppedJobWantsNoWarmVms() {
        books.wish("web", Specs.service("red", 1, 2));

        steer(Way.STOP);

        assertThat(books.ledger.bounds(Books.hash("red"))).isEqualTo(WarmPool.NONE);
        steer(Way.START);
        assertThat(books.ledger.bounds(Books.hash("red")).max()).isEqualTo(2);
    }

    @Test
    void nothingIsPlacedForAStoppedJob() {
        books.wish("web", Specs.service("red", 0, 0));
        steer(Way.STOP);

        books.place("web", 0);

        assertThat(books.ledger.vms()).isEmpty();
    }

    @Test
    void aStartedJobTakesWhatIsWarm() {
        books.wish("web", Specs.service("red", 0, 0));
        steer(Way.STOP);
        books.warm("vm-w", "red");

        var answer = steer(Way.START);

        assertThat(answer.attached()).extracting(MicroVm::vmId).containsExactly("vm-w");
        assertThat(answer.job().run()).isTrue();
    }

    @Test
    void stoppingWhatIsStoppedChangesNothing() {
        books.wish("web", Specs.service("red", 0, 0));
        steer(Way.STOP);

        assertThat(steer(Way.STOP).changed()).isFalse();
        assertThat(books.last).isEqualTo(Changes.NONE);
    }

    @Test
    void aWishForAStoppedJobStartsIt() {
        books.wish("web", Specs.service("red", 0, 0));
        steer(Way.STOP);

        var answer = books.wish("web", Specs.service("red", 0, 0));

        assertThat(answer.changed()).isTrue();
        assertThat(answer.job().run()).isTrue();
    }

    @Test
    void aPatchOfAStoppedJobLeavesItStopped() {
        books.wish("web", Specs.service("red", 0, 0));
        steer(Way.STOP);

        var answer = books.commit(
                draft -> draft.putJob(put("web", Specs.service("blue", 0, 0)).keepingStopped()));

        assertThat(answer.changed()).isTrue();
        assertThat(answer.job().run()).isFalse();
    }

    @Test
    void theFileDoesNotStartWhatSomebodyStopped() {
        fromTheFile("red");
        steer(Way.STOP);

        assertThat(fromTheFile("blue").job().run()).isFalse();
    }

    @Test
    void aVmIsServedByUntilTheOneThatReplacesItRuns() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.RUNNING);

        steer(Way.RESTART);
        books.place("web", 0);
        var next = books.last.vms().get(0).vmId();

        assertThat(books.phase("vm-a")).isEqualTo(Phase.RUNNING);
        boot(next);
        assertThat(books.phase(next)).isEqualTo(Phase.RUNNING);
        assertThat(books.phase("vm-a")).isEqualTo(Phase.DRAINING);
    }

    @Test
    void aWarmVmReplacesTheOneThatServesAtOnce() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.RUNNING);
        books.warm("vm-w", "red");

        var answer = steer(Way.RESTART);

        assertThat(answer.attached()).extracting(MicroVm::vmId).containsExactly("vm-w");
        assertThat(books.phase("vm-a")).isEqualTo(Phase.DRAINING);
    }

    @Test
    void aVmOfBeforeTheRestartDoesNotCountAsAFailureOfTheNext() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.RUNNING);
        steer(Way.RESTART);

        books.fail("vm-a");

        assertThat(books.retry("web")).isNull();
    }

    @Test
    void aRestartEndsABackoff() {
        books.wish("web", Specs.service("red", 0, 0));
        books.owned("vm-a", "red", "web", Phase.BOOTING);
        books.fail("vm-a");
        assertThat(books.retry("web")).isNotNull();

        steer(Way.RESTART);

        assertThat(books.retry("web")).isNull();
    }

    @Test
    void aRestartOfAStoppedJobStartsIt() {
        books.wish("web", Specs.service("red", 0, 0));
        steer(Way.STOP);

        assertThat(steer(Way.RESTART).job().run()).isTrue();
    }

    @Test
    void aChangeOfLabelsAfterARestartReplacesNothing() {
        books.wish("web", Specs.service("red", 0, 0));
        steer(Way.RESTART);
        books.place("web", 0);
        var vm = books.last.vms().get(0);

        books.wish("web", Specs.service("red", 0, 1));

        assertThat(books.ledger.job("web").fits(vm)).isTrue();
    }

    @Test
    void aJobOfAnotherGenerationIsNotSteered() {
        books.wish("web", Specs.service("red", 0, 0));

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> books.commit(
                        draft -> draft.steerJob(new SteerJob("web", null, Way.STOP, Guard.of(Set.of(7L))))))
                .satisfies(refused -> assertThat(refused.refusal().code()).isEqualTo("generation_differs"));
        assertThat(books.ledger.job("web").run()).isTrue();
    }

    @Test
    void aJobOfAnotherTenantIsNotThereToBeSteered() {
        books.wish("web", Specs.service("red", 0, 0));

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(
                        () -> books.commit(draft -> draft.steerJob(new SteerJob("web", "rival", Way.STOP, Guard.NONE))))
                .satisfies(refused -> assertThat(refused.refusal().code()).isEqualTo("job_not_found"));
    }

    private PutAnswer steer(Way way) {
        return books.commit(draft -> draft.steerJob(new SteerJob("web", null, way, Guard.NONE)));
    }

    private PutAnswer fromTheFile(String colour) {
        return books.commit(draft ->
                draft.putJob(new PutJob("web", Books.TENANT, Specs.service(colour, 0, 0), DesiredVm.Source.FILE)));
    }

    private void boot(String vmId) {
        var starting = ((VmState.Pending) books.vm(vmId).state()).toStarting(books.now, books.now.plusSeconds(30));
        books.move(vmId, starting);
        books.put(books.vm(vmId).with(States.of(Phase.BOOTING, books.now)));
        books.move(vmId, ((VmState.Booting) books.vm(vmId).state()).toRunning(books.now));
    }
}
