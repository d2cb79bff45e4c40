package dev.vmplane.vm.agent;

import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrame.Kind;
import dev.vmplane.host.agent.AgentFrameException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;

/** One question and its answer. */
final class AgentCall implements AgentSession {
    private final Kind wanted;
    private final Promise<Buffer> answer = Promise.promise();

    /** @param wanted what a good answer is */
    AgentCall(Kind wanted) {
        this.wanted = wanted;
    }

    /** The payload of a good answer. */
    Future<Buffer> answer() {
        return answer.future();
    }

    @Override
    public boolean heard(AgentFrame frame) {
        if (frame.kind() == wanted) {
            answer.tryComplete(frame.payload());
        } else if (frame.kind() == Kind.FAILED) {
            answer.tryFail(AgentException.said(frame.payload().toString()));
        } else {
            throw new AgentFrameException("a question cannot be answered with " + frame.kind());
        }
        return true;
    }

    @Override
    public void lost(AgentException why) {
        answer.tryFail(why);
    }
}
