package dev.vmplane.store;

import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VmState;

/** Whether a replica whose guest ended by itself gets another one. */
final class RestartRule {
    private RestartRule() {}

    /**
     * What is to be remembered of this end.
     *
     * @param next the backoff there would be with a policy of always
     */
    static Retry apply(Spec spec, Retry next, VmState end) {
        var success = end instanceof VmState.Stopped stopped && stopped.exit().success();
        return switch (spec.restart().policy()) {
            case ALWAYS -> limited(spec, next, end);
            case ON_FAILURE -> success ? finished(next, end) : limited(spec, next, end);
            case NEVER ->
                success
                        ? finished(next, end)
                        : given(
                                next,
                                end,
                                "restart policy is never; " + next.reason().detail());
        };
    }

    /** Whether that there will be no further attempt holds under the restart policy of {@code spec} as well. */
    static boolean stands(Retry verdict, Spec spec) {
        if (verdict.nextTry() != null) {
            return true;
        }
        var limit = spec.restart().maxAttempts();
        return switch (spec.restart().policy()) {
            case ALWAYS -> limit > 0 && verdict.failures() >= limit;
            case ON_FAILURE ->
                verdict.reason().code() == ReasonCode.FINISHED || (limit > 0 && verdict.failures() >= limit);
            case NEVER -> true;
        };
    }

    private static Retry limited(Spec spec, Retry next, VmState end) {
        var limit = spec.restart().maxAttempts();
        return limit > 0 && next.failures() >= limit
                ? given(
                        next,
                        end,
                        "all " + limit + " attempts are used up; "
                                + next.reason().detail())
                : next;
    }

    private static Retry finished(Retry next, VmState end) {
        return last(next, end, new Reason(ReasonCode.FINISHED, next.reason().detail()));
    }

    private static Retry given(Retry next, VmState end, String why) {
        return last(next, end, new Reason(ReasonCode.NOT_RESTARTED, why));
    }

    private static Retry last(Retry next, VmState end, Reason reason) {
        return new Retry(next.key(), next.specHash(), next.failures(), null, end.since(), reason);
    }
}
