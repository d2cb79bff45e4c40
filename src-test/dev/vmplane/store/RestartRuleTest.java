package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Specs;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Restart;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VmState;
import dev.vmplane.model.WarmPool;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestartRuleTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @ParameterizedTest(name = "{0}, at most {1} attempts, {2} failures, exit {3}: {4}")
    @CsvSource({
        "ALWAYS, 0, 1, 0, again",
        "ALWAYS, 0, 1000, 1, again",
        "ALWAYS, 3, 2, 1, again",
        "ALWAYS, 3, 3, 1, NOT_RESTARTED",
        "ALWAYS, 3, 4, 0, NOT_RESTARTED",
        "ON_FAILURE, 0, 1, 0, FINISHED",
        "ON_FAILURE, 0, 1, 1, again",
        "ON_FAILURE, 0, 1, lost, again",
        "ON_FAILURE, 2, 1, 1, again",
        "ON_FAILURE, 2, 2, 1, NOT_RESTARTED",
        "ON_FAILURE, 2, 3, 0, FINISHED",
        "NEVER, 0, 1, 0, FINISHED",
        "NEVER, 0, 1, 1, NOT_RESTARTED",
        "NEVER, 0, 1, lost, NOT_RESTARTED"
    })
    void thePolicyDecidesWhetherThereIsANextTry(
            Restart.Policy policy, int maxAttempts, int failures, String exit, String verdict) {
        var next = new Retry("job/web/0", "hash", failures, NOW, NOW, new Reason(ReasonCode.VMM_DIED, "because"));

        var remembered = RestartRule.apply(spec(policy, maxAttempts), next, end(exit));

        if (verdict.equals("again")) {
            assertThat(remembered).isEqualTo(next);
        } else {
            assertThat(remembered.nextTry()).isNull();
            assertThat(remembered.failures()).isEqualTo(failures);
            assertThat(remembered.reason().code()).isEqualTo(ReasonCode.valueOf(verdict));
            assertThat(remembered.reason().detail()).endsWith("because");
        }
    }

    private static VmState end(String exit) {
        var reason = new Reason(ReasonCode.GUEST_EXITED, "because");
        return switch (exit) {
            case "0" -> new VmState.Stopped(NOW, reason, new GuestExit(0, null));
            case "1" -> new VmState.Failed(NOW, reason, new GuestExit(1, null));
            default -> new VmState.Failed(NOW, reason, GuestExit.UNKNOWN);
        };
    }

    private static Spec spec(Restart.Policy policy, int maxAttempts) {
        return new Spec(
                null,
                Specs.boot("red"),
                Lifecycle.SERVICE,
                WarmPool.NONE,
                new Restart(policy, maxAttempts),
                1,
                null,
                List.of(),
                Map.of());
    }
}
