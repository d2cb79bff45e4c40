package dev.vmplane.vm;

import dev.vmplane.model.Refusal;
import dev.vmplane.model.Refusal.Kind;
import dev.vmplane.vm.agent.AgentException;
import io.vertx.core.Future;

/** What a failure of a guest's agent is to somebody who asked from outside; the words of the agent stay as they are. */
final class AgentRefusal {
    private AgentRefusal() {}

    /** An answer of no, or a defect. */
    static <T> Future<T> of(Throwable cause) {
        return Future.failedFuture(
                cause instanceof AgentException failed
                        ? new Refusal(kind(failed.code()), failed.code(), null, failed.getMessage()).asException()
                        : cause);
    }

    private static Kind kind(String code) {
        return switch (code) {
            case "not_found", "not_executable", "bad_user", "bad_directory", "bad_request" -> Kind.INVALID;
            case "busy" -> Kind.BUSY;
            default -> Kind.UNAVAILABLE;
        };
    }
}
