package dev.vmplane.vm.agent;

import dev.vmplane.host.agent.AgentFrame;

/** What one session of a connection hears from the guest. */
interface AgentSession {
    /**
     * One frame came.
     *
     * @return whether it was the last
     * @throws dev.vmplane.host.agent.AgentFrameException when it may not come now: the connection ends then
     */
    boolean heard(AgentFrame frame);

    /** No more frames will come. */
    void lost(AgentException why);
}
