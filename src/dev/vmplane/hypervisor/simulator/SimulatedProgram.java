package dev.vmplane.hypervisor.simulator;

import dev.vmplane.host.agent.AgentEntries;
import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrame.Kind;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A program that somebody runs in a simulated guest: {@code echo}, {@code exit <n>}, {@code env}; {@code cat}, which also
 * stands for the guest's own program; {@code yes}, which fills whatever credit it gets; and {@code size}, which says the
 * size of its terminal, and says it again when that changes.
 */
final class SimulatedProgram {
    private static final int SIGHUP = 1;
    private static final String YES = "y\n".repeat(AgentFrame.MAX_PAYLOAD_BYTES / 2);

    private final String name;
    private final List<String> arguments;
    private final Map<String, String> env;
    private final AgentEntries command;
    private final Consumer<Said> visitor;
    private Buffer unsaid = Buffer.buffer();
    private long credit;
    private boolean inputEnded;
    private Integer status;

    private SimulatedProgram(
            String name,
            List<String> arguments,
            Map<String, String> env,
            AgentEntries command,
            Consumer<Said> visitor) {
        this.name = name;
        this.arguments = arguments;
        this.env = env;
        this.command = command;
        this.visitor = visitor;
    }

    /** What it says, in whatever session it runs. */
    record Said(Kind kind, Buffer payload) {
        AgentFrame in(int session) {
            return new AgentFrame(kind, session, payload);
        }
    }

    /** Nothing when there is no such program. */
    static Optional<SimulatedProgram> of(AgentEntries command, Map<String, String> env, Consumer<Said> visitor) {
        var words = command.all("arg").isEmpty() ? List.of("cat") : command.all("arg");
        var name = words.get(0).substring(words.get(0).lastIndexOf('/') + 1);
        var known = switch (name) {
            case "echo", "env", "cat", "yes", "size" -> true;
            case "exit" -> words.size() == 2 && words.get(1).matches("[0-9]{1,2}");
            default -> false;
        };
        return known
                ? Optional.of(new SimulatedProgram(name, words.subList(1, words.size()), env, command, visitor))
                : Optional.empty();
    }

    /** Begins; true when that was all. */
    boolean start() {
        switch (name) {
            case "echo" -> finish(String.join(" ", arguments) + "\n", 0);
            case "exit" -> finish("", Integer.parseInt(arguments.get(0)));
            case "env" -> finish(variables(), 0);
            case "size" ->
                print(command.last("rows").orElse("0") + " "
                        + command.last("cols").orElse("0") + "\n");
            default -> {
                // The others wait for what comes.
            }
        }
        return flush();
    }

    /** Hears of its visitor; true when that was the end of it. */
    boolean hear(AgentFrame frame) {
        var payload = frame.payload();
        switch (frame.kind()) {
            case CREDIT -> credit += payload.getUnsignedIntLE(0);
            case RESIZE -> print(payload.getUnsignedShortLE(0) + " " + payload.getUnsignedShortLE(2) + "\n");
            case STDIN -> {
                inputEnded |= payload.length() == 0;
                if (name.equals("cat")) {
                    unsaid.appendBuffer(payload);
                }
            }
            default -> {
                visitor.accept(new Said(Kind.EXITED, ended(1, SIGHUP)));
                return true;
            }
        }
        return flush();
    }

    private String variables() {
        var all = new LinkedHashMap<>(env);
        command.all("env").forEach(variable -> {
            var equals = variable.indexOf('=');
            all.put(variable.substring(0, equals), variable.substring(equals + 1));
        });
        var text = new StringBuilder();
        all.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
        return text.toString();
    }

    private void finish(String lastWords, int with) {
        print(lastWords);
        status = with;
    }

    private void print(String text) {
        if (!name.equals("cat")) {
            unsaid.appendString(text);
        }
    }

    /** Says as much as it may, and that it has ended when all is said. */
    private boolean flush() {
        while (credit > 0 && (unsaid.length() > 0 || name.equals("yes"))) {
            if (unsaid.length() == 0) {
                unsaid.appendString(YES);
            }
            var length = (int) Math.min(Math.min(credit, unsaid.length()), AgentFrame.MAX_PAYLOAD_BYTES);
            visitor.accept(new Said(Kind.STDOUT, unsaid.getBuffer(0, length)));
            credit -= length;
            unsaid = unsaid.getBuffer(length, unsaid.length());
            if (name.equals("cat")) {
                visitor.accept(new Said(Kind.TAKEN, Buffer.buffer().appendUnsignedIntLE(length)));
            }
        }
        if (status == null && inputEnded && (name.equals("cat") || name.equals("size"))) {
            status = 0;
        }
        if (status == null || unsaid.length() > 0) {
            return false;
        }
        visitor.accept(new Said(Kind.EXITED, ended(0, status)));
        return true;
    }

    private static Buffer ended(int kind, int number) {
        return Buffer.buffer().appendByte((byte) kind).appendByte((byte) number);
    }
}
