package dev.vmplane.vm;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.PROCESS;
import static dev.vmplane.vm.VmRig.OWNER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.LedgerStore.Trouble;
import dev.vmplane.Samples;
import dev.vmplane.hypervisor.Inspection;
import dev.vmplane.model.Completion;
import dev.vmplane.model.Hooks;
import dev.vmplane.model.Hooks.Hook;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmState;
import dev.vmplane.vm.FakeHypervisor.Call;
import dev.vmplane.vm.agent.AgentExceptions;
import dev.vmplane.vm.agent.Attachment;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a guest is told before it is warm, and before it serves. */
@ExtendWith(VertxExtension.class)
class VmArrivalTest {
    private static final Hook WARM = new Hook("/warm", 8080, Duration.ofSeconds(30));
    private static final Hook ATTACH = new Hook("/attach", 8080, Duration.ofSeconds(30));
    private static final Hooks BOTH = new Hooks(WARM, ATTACH, null);
    private static final VmState.Warm IDLE = new VmState.Warm(NOW, PROCESS);
    private static final VmState.Paused ASLEEP = new VmState.Paused(NOW, PROCESS);
    private static final Map<String, String> ENV = Map.of("COLOUR", "blue");

    private VmRig rig;

    @BeforeEach
    void open(Vertx vertx) {
        rig = new VmRig(vertx);
        rig.ground.guestStarts();
    }

    @Test
    void aGuestIsWarmOnceItsHookHasSucceeded() {
        rig.hooks(BOTH).start(null);

        rig.check(200);

        rig.until(Phase.WARM);
        assertThat(rig.agent.asked()).containsExactly("hook /warm");
        assertThat(rig.agent.rowAt("hook /warm")).isEqualTo(Phase.WARMING);
        assertThat(rig.agent.body("/warm"))
                .isEqualTo(new JsonObject().put("hook", "warm").put("vm_id", "vm-1"));
    }

    @Test
    void aGuestThatNeverPassedItsCheckIsNotCalled() {
        rig.hooks(BOTH).start(null);

        rig.check(500);

        rig.untilAlarms(1);
        assertThat(rig.agent.asked()).isEmpty();
    }

    @Test
    void aWarmHookThatFailsEndsTheVm() {
        rig.agent.answers("/warm", 500);
        rig.hooks(BOTH).start(null);

        rig.check(200);

        assertThat(rig.gone().state().reason())
                .isEqualTo(new Reason(ReasonCode.HOOK_FAILED, "the warm hook answered with status 500"));
    }

    @Test
    void aWarmHookThatCannotBeCalledEndsTheVm() {
        rig.agent.fail("hook /warm", AgentExceptions.said("io nobody listens on port 8080"));
        rig.hooks(BOTH).start(null);

        rig.check(200);

        assertThat(rig.gone().state().reason())
                .isEqualTo(new Reason(
                        ReasonCode.HOOK_FAILED, "the warm hook cannot be called: nobody listens on port 8080"));
    }

    @Test
    void anAgentThatCannotBeAskedEndsTheVm() {
        rig.agent.fail("hook /warm", AgentExceptions.unreachable());
        rig.hooks(BOTH).start(null);

        rig.check(200);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.AGENT_FAILED);
    }

    @Test
    void aWarmHookMayTakeLongerThanTheGraceOfTheHealthCheck() {
        var hook = rig.agent.hold("hook /warm");
        rig.hooks(BOTH).start(null);
        rig.check(200);
        rig.until(() -> rig.agent.asked().contains("hook /warm"));

        rig.time.advance(Duration.ofSeconds(29));
        assertThat(rig.phase()).isEqualTo(Phase.WARMING);
        hook.complete();

        rig.until(Phase.WARM);
    }

    @Test
    void aVmThatIsClaimedDuringItsWarmHookRunsForItsOwnerAfterwards() {
        var hook = rig.agent.hold("hook /warm");
        rig.hooks(BOTH).start(null);
        rig.check(200);
        rig.until(() -> rig.agent.asked().contains("hook /warm"));

        rig.commit(OWNER, ((VmState.Warming) rig.last().state()).toBooting());
        hook.complete();

        rig.passTimeUntil(Phase.RUNNING);
        assertThat(rig.agent.asked()).containsExactly("hook /warm", "attach", "hook /attach");
    }

    @Test
    void aVmThatIsRetiredDuringItsWarmHookIsStopped() {
        rig.agent.hold("hook /warm");
        rig.hooks(BOTH).start(null);
        rig.check(200);
        rig.until(() -> rig.agent.asked().contains("hook /warm"));

        rig.retire();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
    }

    @Test
    void aVmThatBootsForAJobWarmsUpTooAndHearsOfItBeforeItIsRouted() {
        rig.hooks(BOTH).job(Completion.OPEN, ENV).start(OWNER);

        rig.check(200);

        rig.until(Phase.RUNNING);
        assertThat(rig.agent.asked()).containsExactly("hook /warm", "attach", "hook /attach");
        assertThat(rig.agent.rowAt("hook /attach")).isEqualTo(Phase.BOOTING);
        assertThat(rig.agent.attachment()).isEqualTo(new Attachment("web", "web", ENV));
        assertThat(rig.agent.body("/attach"))
                .isEqualTo(new JsonObject()
                        .put("hook", "attach")
                        .put("vm_id", "vm-1")
                        .put("job_id", "web")
                        .put("tenant", "web")
                        .put("replica", 0)
                        .put("env", new JsonObject().put("COLOUR", "blue")));
    }

    @Test
    void aGuestWithNothingToHearIsNotSpokenTo() {
        rig.running();

        assertThat(rig.agent.asked()).isEmpty();
    }

    @Test
    void aWarmVmHearsOfItsOwnerBeforeItIsRouted() {
        rig.job(Completion.OPEN, ENV).warm();

        rig.commit(OWNER, IDLE);

        rig.until(Phase.RUNNING);
        assertThat(rig.agent.asked()).containsExactly("attach");
        assertThat(rig.agent.rowAt("attach")).isEqualTo(Phase.WARM);
        assertThat(rig.hypervisor.calls()).doesNotContain(Call.RESUME);
    }

    @Test
    void aWarmVmWhoseHookFailsIsNeverRouted() {
        rig.agent.answers("/attach", 503);
        rig.hooks(BOTH).warm();

        rig.commit(OWNER, IDLE);

        assertThat(rig.gone().state().reason())
                .isEqualTo(new Reason(ReasonCode.HOOK_FAILED, "the attach hook answered with status 503"));
        assertThat(rig.store.committed()).extracting(MicroVm::phase).doesNotContain(Phase.RUNNING);
    }

    @Test
    void aVmWhoseJobIsGoneWaitsForItsRowToSayMore() {
        rig.hooks(BOTH).warm();

        rig.commit(Samples.owner("gone", 0), IDLE);
        rig.knock();
        rig.retire();

        assertThat(rig.gone().phase()).isEqualTo(Phase.STOPPED);
        assertThat(rig.agent.asked()).doesNotContain("attach");
    }

    @Test
    void aPausedVmSleepsAndNobodyAsksForItsHealth() {
        rig.warm();

        rig.commit(null, ASLEEP);
        rig.until(() -> rig.hypervisor.calls().contains(Call.PAUSE));
        rig.knock();
        rig.knock();

        rig.until(() -> rig.time.pending() == 0);
        assertThat(rig.phase()).isEqualTo(Phase.PAUSED);
        assertThat(rig.hypervisor.calls()).containsOnlyOnce(Call.PAUSE);
        assertThat(rig.agent.asked()).contains("close");
    }

    @Test
    void aVmThatSleptKnowsTheTimeBeforeItHearsOfItsOwner() {
        rig.hooks(BOTH).warm();
        rig.commit(null, ASLEEP);
        rig.until(() -> rig.hypervisor.calls().contains(Call.PAUSE));

        rig.commit(OWNER, ASLEEP);

        rig.until(Phase.RUNNING);
        assertThat(rig.hypervisor.calls()).containsSubsequence(Call.PAUSE, Call.RESUME);
        assertThat(rig.agent.asked()).containsSubsequence("wake", "attach", "hook /attach");
        assertThat(rig.agent.clock()).isEqualTo(rig.time.now());
        assertThat(rig.last().serving()).isTrue();
    }

    @Test
    void aVmThatCannotBeWokenIsNeverRouted() {
        rig.agent.fail("wake", AgentExceptions.unreachable());
        rig.warm();
        rig.commit(null, ASLEEP);
        rig.until(() -> rig.hypervisor.calls().contains(Call.PAUSE));

        rig.commit(OWNER, ASLEEP);

        assertThat(rig.gone().state().reason().code()).isEqualTo(ReasonCode.AGENT_FAILED);
        assertThat(rig.store.committed()).extracting(MicroVm::phase).doesNotContain(Phase.RUNNING);
    }

    @Test
    void aGuestThatHasHeardIsNotToldAgainBecauseTheStoreWasInTrouble() {
        var hook = rig.agent.hold("hook /attach");
        rig.hooks(BOTH).warm();
        rig.commit(OWNER, IDLE);
        rig.until(() -> rig.agent.asked().contains("hook /attach"));
        var refusals = rig.store.refusals();

        rig.store.meet(Trouble.BUSY);
        hook.complete();
        rig.until(() -> rig.store.refusals() > refusals);
        rig.store.meet(Trouble.NONE);

        rig.passTimeUntil(Phase.RUNNING);
        assertThat(rig.agent.asked()).containsOnlyOnce("hook /attach");
    }

    @Test
    void anAdoptedVmThatWasWarmingIsToldAgain() {
        rig.hooks(BOTH).adopt(null, new VmState.Warming(NOW, NOW.plusSeconds(15), PROCESS), Inspection.RUNNING);

        rig.check(200);

        rig.until(Phase.WARM);
        assertThat(rig.agent.asked()).containsExactly("hook /warm");
    }

    @Test
    void anAdoptedVmThatHasAnOwnerHearsOfIt() {
        rig.hooks(BOTH).adopt(OWNER, IDLE, Inspection.RUNNING);

        rig.until(Phase.RUNNING);
        assertThat(rig.agent.asked()).containsExactly("attach", "hook /attach");
    }

    @Test
    void anAdoptedVmThatWasResumedAlreadyIsWokenAllTheSame() {
        rig.hooks(BOTH).adopt(OWNER, ASLEEP, Inspection.RUNNING);

        rig.until(Phase.RUNNING);
        assertThat(rig.agent.asked()).containsExactly("wake", "attach", "hook /attach");
    }

    @Test
    void anAdoptedVmThatIsToSleepIsPaused() {
        rig.adopt(null, ASLEEP, Inspection.RUNNING);

        rig.until(() -> rig.hypervisor.calls().contains(Call.PAUSE));
        assertThat(rig.phase()).isEqualTo(Phase.PAUSED);
    }
}
