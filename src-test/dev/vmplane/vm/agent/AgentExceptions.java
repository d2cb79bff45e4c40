package dev.vmplane.vm.agent;

/** Failures of agents that tests of other folders need. */
public final class AgentExceptions {
    private AgentExceptions() {}

    public static AgentException unreachable() {
        return AgentException.unreachable("the guest's agent cannot be asked: nobody listens", null);
    }

    public static AgentException said(String text) {
        return AgentException.said(text);
    }
}
