package dev.vmplane.vm.agent;

import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;

/** Something that was asked of a guest's agent was not done. The message is shown to the tenant. */
public final class AgentException extends RuntimeException {
    private static final int MAX_SAID = 300;

    /** What {@link #code} is when not the agent refused, but nobody could be asked, or what came made no sense. */
    public static final String UNREACHABLE = "unreachable";

    private final String code;

    private AgentException(String code, String message, Throwable cause) {
        super(message, cause, false, false);
        this.code = code;
    }

    /** Nobody could be asked, or what came made no sense. */
    static AgentException unreachable(String message, Throwable cause) {
        return new AgentException(UNREACHABLE, message, cause);
    }

    /** It cannot be done, for a reason that programs know as {@code code}. */
    static AgentException refused(String code, String message) {
        return new AgentException(code, message, null);
    }

    /**
     * The agent said no.
     *
     * @param said {@code <code> <sentence>} from the guest, which may say anything
     */
    static AgentException said(String said) {
        var clean = said.length() > MAX_SAID ? said.substring(0, MAX_SAID - 1) + "…" : said;
        var parts = clean.replaceAll("[\\p{Cntrl}\\s]+", " ").strip().split(" ", 2);
        var known = parts[0].matches("[a-z_]{1,32}") && !parts[0].equals(UNREACHABLE);
        return refused(known ? parts[0] : "io", parts.length == 2 ? parts[1] : parts[0]);
    }

    /** What went wrong, for programs: {@link #UNREACHABLE}, or the word of the agent, such as {@code not_found}. */
    public String code() {
        return code;
    }

    public boolean isUnreachable() {
        return code.equals(UNREACHABLE);
    }

    public Reason reason() {
        return new Reason(ReasonCode.AGENT_FAILED, getMessage());
    }
}
