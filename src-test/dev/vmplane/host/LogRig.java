package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import dev.vmplane.model.Log;
import dev.vmplane.model.LogLine;
import dev.vmplane.model.LogLine.Stream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Consoles and archives of VMs that print what a test says. */
final class LogRig implements AutoCloseable {
    static final Instant BORN = Instant.ofEpochMilli(1_000_000);
    static final Set<Stream> ALL = EnumSet.allOf(Stream.class);

    final HostRig host;
    final LogArchive archive;
    final LogFiles files;

    LogRig() throws IOException {
        host = new HostRig();
        archive = new LogArchive(directory(), host.directories, host.worker);
        files = new LogFiles(host.directories, archive, host.worker);
    }

    Path directory() {
        return host.stateDir().resolve("logs");
    }

    Path console(String vmId) {
        return host.directory(vmId).console();
    }

    void print(String vmId, String text) {
        print(vmId, text.getBytes(UTF_8));
    }

    void print(String vmId, byte[] bytes) {
        try {
            Files.write(console(vmId), bytes, CREATE, APPEND);
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** A line of the program's standard output, so many seconds after the VM was born. */
    static String out(int second, String text) {
        return BORN.plusSeconds(second).toEpochMilli() + " o " + text + "\n";
    }

    static String err(int second, String text) {
        return BORN.plusSeconds(second).toEpochMilli() + " e " + text + "\n";
    }

    Log.Chunk read(String vmId, long position) {
        return await(files.read(new Log.Read(vmId, ALL, position, false)));
    }

    Log.Chunk readWhole(String vmId, long position) {
        return await(files.read(new Log.Read(vmId, ALL, position, true)));
    }

    long find(String vmId, Integer tail, Instant since) {
        return await(files.find(new Log.Find(vmId, ALL, tail, since, BORN))).from();
    }

    /** What a reader gets from {@code position} on until there is no more. */
    List<String> texts(String vmId, long position) {
        var texts = new ArrayList<String>();
        Log.Chunk chunk;
        do {
            chunk = read(vmId, position);
            chunk.lines().stream().map(LogLine::text).forEach(texts::add);
            position = chunk.next();
        } while (chunk.more());
        return texts;
    }

    @Override
    public void close() throws IOException {
        host.close();
    }
}
