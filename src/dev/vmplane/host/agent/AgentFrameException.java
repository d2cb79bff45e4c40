package dev.vmplane.host.agent;

/** What came from, or is meant for, an agent is no frame of the protocol, or not one that may come now. */
public final class AgentFrameException extends RuntimeException {
    public AgentFrameException(String message) {
        super(message, null, false, false);
    }
}
