package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** Runs commands as the program does, with surroundings of the test's own. */
final class CommandRig {
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>();
    private final List<Runnable> listening = new CopyOnWriteArrayList<>();
    private Surroundings.Terminals terminals = Surroundings.Terminals.NONE;
    private Supplier<Terminal> terminal = () -> {
        throw new AssertionError("nobody said that there is a terminal");
    };
    private InputStream in = InputStream.nullInputStream();

    CommandRig(ScriptedServer server) {
        environment.put("VMPLANE_SERVER", server.url());
    }

    CommandRig with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    CommandRig at(Surroundings.Terminals atTerminals) {
        terminals = atTerminals;
        return this;
    }

    CommandRig at(Terminal aTerminal) {
        terminals = new Surroundings.Terminals(true, true, true);
        terminal = () -> aTerminal;
        return this;
    }

    CommandRig typing(String text) {
        return typing(new ByteArrayInputStream(text.getBytes(UTF_8)));
    }

    CommandRig typing(InputStream bytes) {
        in = bytes;
        return this;
    }

    int run(String... words) {
        var around = new Surroundings(
                environment,
                in,
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8),
                terminals,
                () -> NOW,
                this::listen,
                terminal);
        return CommandLineTool.run(words, config -> 99, stateDir -> 99, around);
    }

    /** As Ctrl-C does; nothing happens while nobody listens. */
    void interrupt() {
        listening.forEach(Runnable::run);
    }

    boolean listening() {
        return !listening.isEmpty();
    }

    String out() {
        return out.toString(UTF_8);
    }

    String err() {
        return err.toString(UTF_8);
    }

    private Interrupts.Listening listen(Runnable task) {
        listening.add(task);
        return () -> listening.remove(task);
    }
}
