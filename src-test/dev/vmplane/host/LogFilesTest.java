package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static dev.vmplane.host.LogRig.BORN;
import static dev.vmplane.host.LogRig.err;
import static dev.vmplane.host.LogRig.out;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.Log;
import dev.vmplane.model.LogLine;
import dev.vmplane.model.LogLine.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LogFilesTest {
    private static final int MIB = 1024 * 1024;

    private LogRig logs;

    @BeforeEach
    void open() throws IOException {
        logs = new LogRig();
    }

    @AfterEach
    void close() throws IOException {
        logs.close();
    }

    @Test
    void aLineHasItsStreamAndItsTime() {
        logs.print("vm-1", out(1, "ready") + err(2, "oops") + "vmplane-guest: exit status=0\r\n");

        var lines = logs.read("vm-1", 0).lines();

        assertThat(lines).extracting(LogLine::text).containsExactly("ready", "oops", "exit status=0");
        assertThat(lines).extracting(LogLine::stream).containsExactly(Stream.STDOUT, Stream.STDERR, Stream.GUEST);
        assertThat(lines).extracting(LogLine::at).startsWith(BORN.plusSeconds(1), BORN.plusSeconds(2));
    }

    @Test
    void whatNobodyPrintedIsEmpty() {
        assertThat(logs.read("vm-1", 0)).isEqualTo(new Log.Chunk(List.of(), 0, 0, false));
        assertThat(logs.find("vm-1", 10, BORN)).isZero();
    }

    @Test
    void onlyTheStreamsThatAreWantedCome() {
        logs.print("vm-1", out(1, "ready") + err(2, "oops") + out(3, "bye"));

        var chunk = await(logs.files.read(new Log.Read("vm-1", Set.of(Stream.STDERR), 0, false)));

        assertThat(chunk.lines()).extracting(LogLine::text).containsExactly("oops");
        assertThat(logs.read("vm-1", chunk.next()).lines()).isEmpty();
    }

    @Test
    void anUnfinishedLineWaitsForItsEnd() {
        logs.print("vm-1", out(1, "one") + "1000000 o tw");
        var first = logs.read("vm-1", 0);

        logs.print("vm-1", "o\n");

        assertThat(first.lines()).extracting(LogLine::text).containsExactly("one");
        assertThat(first.more()).isFalse();
        assertThat(logs.texts("vm-1", first.next())).containsExactly("two");
    }

    @Test
    void ofAVmThatPrintsNoMoreTheUnfinishedLineComesToo() {
        logs.print("vm-1", out(1, "one") + "1000000 o tw");

        var chunk = logs.readWhole("vm-1", 0);

        assertThat(chunk.lines()).extracting(LogLine::text).containsExactly("one", "tw");
        assertThat(logs.readWhole("vm-1", chunk.next()).lines()).isEmpty();
    }

    @Test
    void aLongLogComesInPiecesWithoutGapOrRepeat() {
        var lines = numbered(0, 20_000);
        logs.print("vm-1", text(lines));

        assertThat(logs.texts("vm-1", 0)).isEqualTo(lines);
    }

    @Test
    void aReaderCanResumeBehindEachLine() {
        logs.print("vm-1", out(1, "one") + err(1, "two") + out(2, "three"));

        var resumed = logs.read("vm-1", 0).lines().stream()
                .map(line -> logs.texts("vm-1", line.end()))
                .toList();

        assertThat(resumed).containsExactly(List.of("two", "three"), List.of("three"), List.of());
    }

    @Test
    void aPlaceInTheMiddleOfALineReadsFromTheNextOn() {
        logs.print("vm-1", out(1, "1 o forged") + out(2, "true"));

        assertThat(logs.texts("vm-1", 10)).containsExactly("true");
    }

    @Test
    void aPlaceBehindTheEndHoldsNothing() {
        logs.print("vm-1", out(1, "one"));

        assertThat(logs.read("vm-1", 1L << 60)).isEqualTo(new Log.Chunk(List.of(), 0, 1L << 60, false));
    }

    @Test
    void theHoleThatAFloodLeavesIsNotRead() throws IOException {
        try (var console = FileChannel.open(logs.console("vm-1"), CREATE, WRITE)) {
            console.write(ByteBuffer.wrap("x\n".getBytes(UTF_8)), 1L << 40);
        }
        logs.print("vm-1", text(numbered(0, 100_000)));

        var first = logs.read("vm-1", 100);

        assertThat(first.skipped()).isGreaterThan(1L << 39);
        var texts = logs.texts("vm-1", 100);
        assertThat(texts).endsWith("line 99999").doesNotContain("");
        assertThat(logs.find("vm-1", 2, null)).isGreaterThan(1L << 40);
    }

    @Test
    void megabytesWithoutALineEndComeInParts() {
        logs.print("vm-1", "x".repeat(3 * MIB));
        logs.print("vm-1", "\n" + out(1, "after"));

        var texts = logs.texts("vm-1", 0);

        assertThat(texts).endsWith("after");
        assertThat(texts).allSatisfy(text -> assertThat(text.length()).isLessThanOrEqualTo(LogLines.MAX_LINE_BYTES));
    }

    @Test
    void anyBytesAtAllAreReadToTheirEnd() {
        var seed = 20260101L;
        var random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            var vmId = "vm-" + round;
            var noise = new byte[random.nextInt(200_000)];
            random.nextBytes(noise);
            if (round % 3 == 0) {
                Arrays.fill(noise, 0, noise.length / 2, (byte) 0);
            }
            logs.print(vmId, noise);

            long position = 0;
            for (var more = true; more; ) {
                var chunk = logs.readWhole(vmId, position);
                more = chunk.more();
                assertThat(chunk.next() > position || !more)
                        .as("progress, seed %d", seed)
                        .isTrue();
                position = chunk.next();
            }
            assertThat(position).isEqualTo(noise.length);
        }
    }

    @Test
    void theLastLinesAreFoundWhereverTheyBegin() {
        var lines = numbered(0, 20_000);
        logs.print("vm-1", text(lines));

        for (var tail : List.of(0, 1, 10, 5_000, 19_999, 20_000, 30_000)) {
            assertThat(logs.texts("vm-1", logs.find("vm-1", tail, null)))
                    .isEqualTo(lines.subList(Math.max(0, 20_000 - tail), 20_000));
        }
    }

    @Test
    void theLastLinesAreThoseOfTheWantedStreams() {
        logs.print("vm-1", err(1, "oops") + text(numbered(0, 10_000)));

        var found = await(logs.files.find(new Log.Find("vm-1", Set.of(Stream.STDERR), 1, null, BORN)));

        assertThat(found.from()).isZero();
    }

    @Test
    void aLineInPartsIsOneOfTheLast() {
        logs.print("vm-1", out(1, "before") + "1000000 O long\n" + err(1, "between") + "1000000 o er\n");

        assertThat(logs.texts("vm-1", logs.find("vm-1", 2, null))).containsExactly("long", "between", "er");
    }

    @Test
    void linesOfBeforeAreLeftOut() {
        logs.print("vm-1", "boot\n" + out(1, "one") + out(5, "two") + "vmplane-guest: remark\n" + out(6, "three"));

        assertThat(logs.texts("vm-1", logs.find("vm-1", null, BORN.plusSeconds(5))))
                .containsExactly("two", "remark", "three");
        assertThat(logs.texts("vm-1", logs.find("vm-1", null, BORN.plusSeconds(7))))
                .isEmpty();
        assertThat(logs.texts("vm-1", logs.find("vm-1", null, BORN))).hasSize(5);
        assertThat(logs.texts("vm-1", logs.find("vm-1", 1, BORN.plusSeconds(5))))
                .containsExactly("three");
    }

    private static List<String> numbered(int first, int count) {
        return IntStream.range(first, first + count).mapToObj(n -> "line " + n).toList();
    }

    private static String text(List<String> lines) {
        var text = new StringBuilder();
        lines.forEach(line -> text.append(out(3, line)));
        return text.toString();
    }
}
