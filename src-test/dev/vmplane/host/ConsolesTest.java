package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.GuestExit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ConsolesTest {
    private HostRig host;
    private Consoles consoles;
    private RunDirectory directory;

    @BeforeEach
    void open() throws IOException {
        host = new HostRig();
        consoles = new Consoles(host.vertx, host.worker);
        directory = host.directory("vm-1");
    }

    @AfterEach
    void close() throws IOException {
        host.close();
    }

    @Test
    void aConsoleIsWatchedBeforeThereIsOne() throws IOException {
        var signs = consoles.watch(directory);
        var printed = signs.printed();
        var started = signs.started();

        print("[    0.0] Linux\r\n");
        await(printed);
        print("vmplane-guest: started pid=1 uptime_ms=1\r\n");
        await(started);
    }

    @Test
    void theFirstWordIsNotTheStart() throws IOException {
        var signs = consoles.watch(directory);
        var other = host.directory("vm-2");

        print("[    0.0] Linux\r\n");
        await(signs.printed());
        Files.writeString(other.console(), "vmplane-guest: started pid=1 uptime_ms=1\r\n");
        await(consoles.watch(other).started());

        assertThat(signs.started().isComplete()).isFalse();
    }

    @Test
    void theStartIsFoundBehindMoreThanOneLookTakes() throws IOException {
        print("noise ".repeat(50_000) + "\n");
        print("vmplane-guest: started pid=1 uptime_ms=1\r\n");

        await(consoles.watch(directory).started());
    }

    @Test
    void theStartIsFoundBehindTheHoleThatAFloodLeaves() throws IOException {
        try (var console = FileChannel.open(directory.console(), CREATE, WRITE)) {
            console.write(ByteBuffer.wrap(new byte[] {'\n'}), 1L << 40);
        }
        print("vmplane-guest: started pid=1 uptime_ms=1\r\n");

        var signs = consoles.watch(directory);

        await(signs.printed());
        await(signs.started());
    }

    @Test
    void signsThatAreForgottenNeverCome() throws IOException {
        var forgotten = consoles.watch(directory);
        var started = forgotten.started();

        forgotten.forget();
        print("vmplane-guest: started pid=1 uptime_ms=1\r\n");
        await(consoles.watch(directory).started());

        assertThat(started.isComplete()).isFalse();
    }

    @Test
    void theExitIsReadFromTheEndOfALongConsole() throws IOException {
        print("vmplane-guest: exit status=7\r\n");
        print("noise ".repeat(50_000) + "\n");
        print("vmplane-guest: exit status=3\r\n");

        assertThat(await(consoles.exit(directory))).isEqualTo(new GuestExit(3, null));
    }

    @Test
    void whyAGuestGaveUpIsReadFromTheEndOfItsConsole() throws IOException {
        print("vmplane-guest: cannot execute /srv/app: No such file or directory\n");
        print("vmplane-guest: exit status=127\n");

        assertThat(await(consoles.end(directory)))
                .isEqualTo(
                        new GuestEnd(new GuestExit(127, null), "cannot execute /srv/app: No such file or directory"));
    }

    @Test
    void withoutAConsoleTheExitIsUnknown() {
        assertThat(await(consoles.exit(directory))).isEqualTo(GuestExit.UNKNOWN);
    }

    private void print(String text) throws IOException {
        Files.writeString(directory.console(), text, CREATE, APPEND);
    }
}
