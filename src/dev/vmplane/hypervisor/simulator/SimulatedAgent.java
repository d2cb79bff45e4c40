package dev.vmplane.hypervisor.simulator;

import dev.vmplane.host.agent.AgentEntries;
import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrame.Kind;
import dev.vmplane.host.agent.AgentFrameException;
import dev.vmplane.host.agent.AgentGreeting;
import io.vertx.core.buffer.Buffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** What the agent in one simulated guest says to one visitor. A guest that is paused says it later. */
final class SimulatedAgent {
    private static final int MAX_PROGRAMS = 16;
    private static final int FIRST_PID = 100;

    private final SimulatedGuest guest;
    private final Consumer<AgentFrame> visitor;
    private final Map<Integer, SimulatedProgram> programs = new HashMap<>();
    private boolean deserted;

    SimulatedAgent(SimulatedGuest guest, Consumer<AgentFrame> visitor) {
        this.guest = guest;
        this.visitor = visitor;
    }

    void greet(AgentGreeting.Hello hello) {
        guest.whenAwake(() -> say(AgentGreeting.welcome(
                hello.nonce(), new AgentEntries().put("uptime_ms", 1).put("pid", 1))));
    }

    void hear(AgentFrame frame) {
        guest.whenAwake(() -> {
            try {
                answer(frame);
            } catch (AgentFrameException | IndexOutOfBoundsException senseless) {
                fail(frame.session(), "bad_request what was asked cannot be understood: " + senseless.getMessage());
            }
        });
    }

    /** The visitor has gone, and with it the programs it had started. */
    void reset() {
        deserted = true;
        programs.clear();
    }

    private void answer(AgentFrame frame) {
        var session = frame.session();
        switch (frame.kind()) {
            case EXEC -> start(session, AgentEntries.of(frame.payload()));
            case STDIN, RESIZE, CLOSE, CREDIT -> {
                var program = programs.get(session);
                if (program != null && program.hear(frame)) {
                    programs.remove(session);
                }
            }
            case HOOK -> call(session, AgentEntries.of(frame.payload()));
            case ATTACH -> {
                guest.told().attached(AgentEntries.of(frame.payload()));
                done(session, new AgentEntries());
            }
            case CLOCK -> {
                frame.payload().getLongLE(0);
                guest.told().woken();
                done(session, new AgentEntries());
            }
            case STOP -> {
                done(session, new AgentEntries());
                guest.askedToEnd();
            }
            case METRICS -> say(new AgentFrame(Kind.MEASURED, session, metrics()));
            default -> fail(session, "bad_request nobody asks an agent for " + frame.kind());
        }
    }

    private void start(int session, AgentEntries command) {
        if (programs.size() >= MAX_PROGRAMS) {
            fail(session, "busy no more than " + MAX_PROGRAMS + " programs can be run at once");
            return;
        }
        var program = SimulatedProgram.of(command, guest.env(), frame -> say(frame.in(session)));
        if (program.isEmpty()) {
            fail(session, "not_found '" + command.all("arg").get(0) + "' cannot be run: there is no such program");
            return;
        }
        say(new AgentFrame(Kind.STARTED, session, Buffer.buffer().appendUnsignedIntLE(FIRST_PID + session)));
        if (!program.get().start()) {
            programs.put(session, program.get());
        }
    }

    private void call(int session, AgentEntries hook) {
        guest.told().called(hook);
        var behaviour = guest.behaviour();
        guest.after(behaviour.hookMs(), () -> done(session, new AgentEntries().put("status", behaviour.hookStatus())));
    }

    private static Buffer metrics() {
        return new AgentEntries()
                .put("mem_total_kb", 128 * 1024)
                .put("mem_available_kb", 64 * 1024)
                .put("load_1", "0.25")
                .put("load_5", "0.10")
                .put("load_15", "0.05")
                .put("disk_total_kb", 1024 * 1024)
                .put("disk_free_kb", 512 * 1024)
                .put("processes", 3)
                .encoded();
    }

    private void done(int session, AgentEntries entries) {
        say(new AgentFrame(Kind.DONE, session, entries.encoded()));
    }

    private void fail(int session, String why) {
        say(new AgentFrame(Kind.FAILED, session, Buffer.buffer(why)));
    }

    private void say(AgentFrame frame) {
        if (!deserted) {
            visitor.accept(frame);
        }
    }
}
