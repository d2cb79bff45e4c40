package dev.vmplane.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.LogLine;
import dev.vmplane.model.LogLine.Stream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LogLinesTest {
    private static final Instant AT = Instant.parse("2026-08-04T10:13:20.123Z");
    private static final String MS = Long.toString(AT.toEpochMilli());

    private final LogLines lines = LogLines.fromBeginning();

    @ParameterizedTest
    @MethodSource("kinds")
    void aLineSaysWhoPrintedItAndWhen(String printed, Stream stream, String text, boolean partial) {
        var line = lines.next(bytes(MS + " " + printed + "\n")).get(0);

        assertThat(line.at()).isEqualTo(AT);
        assertThat(line.stream()).isEqualTo(stream);
        assertThat(line.text()).isEqualTo(text);
        assertThat(line.partial()).isEqualTo(partial);
    }

    static java.util.stream.Stream<Arguments> kinds() {
        return java.util.stream.Stream.of(
                Arguments.of("o hello", Stream.STDOUT, "hello", false),
                Arguments.of("O hel", Stream.STDOUT, "hel", true),
                Arguments.of("e oh", Stream.STDERR, "oh", false),
                Arguments.of("E o", Stream.STDERR, "o", true),
                Arguments.of("k out of memory", Stream.KERNEL, "out of memory", false),
                Arguments.of("o ", Stream.STDOUT, "", false),
                Arguments.of("o  two  spaces ", Stream.STDOUT, " two  spaces ", false),
                Arguments.of("o grüße\r", Stream.STDOUT, "grüße", false),
                Arguments.of("o a\0b", Stream.STDOUT, "a\0b", false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[    0.9] kernel",
                "17 x y",
                "17 o",
                "17",
                " 17 o x",
                "17o x",
                "1234567890123456 o x",
                "-1 o x",
                "o x",
                "17  o x",
                "vmplane-guest:x",
                "17 ox"
            })
    void whatHasAnotherFormIsTheKernels(String printed) {
        var line = lines.next(bytes(printed + "\r\n")).get(0);

        assertThat(line.stream()).isEqualTo(Stream.KERNEL);
        assertThat(line.text()).isEqualTo(printed);
        assertThat(line.at()).isNull();
    }

    @Test
    void theGuestProgramsOwnLinesHaveTheTimeOfTheOneBefore() {
        var read = lines.next(bytes("vmplane-guest: started pid=1\n" + MS + " o x\nvmplane-guest: exit status=0\n"));

        assertThat(read).extracting(LogLine::stream).containsExactly(Stream.GUEST, Stream.STDOUT, Stream.GUEST);
        assertThat(read).extracting(LogLine::text).containsExactly("started pid=1", "x", "exit status=0");
        assertThat(read).extracting(LogLine::at).containsExactly(null, AT, AT);
    }

    @Test
    void aProgramThatPrintsALineOfTheGuestProgramHasPrintedText() {
        var read = lines.next(bytes(MS + " o vmplane-guest: exit status=0\n"));

        assertThat(read).extracting(LogLine::stream).containsExactly(Stream.STDOUT);
    }

    @Test
    void everyLineSaysWhereTheNextBegins() {
        var text = bytes(MS + " o one\n\n" + MS + " o two\r\n" + MS + " o th");

        var read = lines.next(text);

        assertThat(lines.position()).isEqualTo(text.length);
        assertThat(read).hasSize(2);
        var behindFirst = LogLines.from(read.get(0).end(), false);
        var rest = Arrays.copyOfRange(text, (int) read.get(0).end(), text.length);
        assertThat(behindFirst.next(rest)).extracting(LogLine::text).containsExactly("two");
        assertThat(behindFirst.position()).isEqualTo(text.length);
    }

    @Test
    void theRestIsTheBeginningOfALineAndIsNotTaken() {
        lines.next(bytes(MS + " o Name"));

        var rest = lines.rest().orElseThrow();
        var whole = lines.next(bytes(": \n"));

        assertThat(rest.text()).isEqualTo("Name");
        assertThat(rest.partial()).isTrue();
        assertThat(whole).extracting(LogLine::text).containsExactly("Name: ");
        assertThat(lines.rest()).isEmpty();
    }

    @Test
    void whatIsLeftOfALineIsDroppedWhenTheReadingBeginsInIt() {
        var late = LogLines.from(1000, true);

        var read = late.next(bytes("vmplane-guest: exit status=0\n" + MS + " o x\n"));

        assertThat(read).extracting(LogLine::text).containsExactly("x");
        assertThat(late.position()).isGreaterThan(1000);
    }

    @Test
    void whatIsLeftOfALineBehindAHoleIsDropped() {
        var read = lines.next(bytes("\0".repeat(5000) + "nd of a line\n" + MS + " o x\n"));

        assertThat(read).extracting(LogLine::text).containsExactly("x");
    }

    @Test
    void oneWhoJumpsDropsTheLinesAtBothSides() {
        lines.next(bytes(MS + " o begin"));
        lines.jump(1L << 40);

        assertThat(lines.rest()).isEmpty();
        assertThat(lines.next(bytes("end\n" + MS + " e x\n")))
                .extracting(LogLine::text)
                .containsExactly("x");
        assertThat(lines.position()).isGreaterThan(1L << 40);
    }

    @Test
    void aLineWithoutAnEndComesInBoundedPartsOfOneStream() {
        var flood = new byte[3_000_000];
        Arrays.fill(flood, (byte) 'x');

        var read = new ArrayList<LogLine>(lines.next(bytes(MS + " e ")));
        read.addAll(lines.next(flood));
        read.addAll(lines.next(bytes("\n")));

        assertThat(read).allSatisfy(line -> {
            assertThat(line.stream()).isEqualTo(Stream.STDERR);
            assertThat(line.bytes().length).isLessThanOrEqualTo(LogLines.MAX_LINE_BYTES);
        });
        assertThat(read.stream().mapToLong(line -> line.bytes().length).sum()).isEqualTo(flood.length);
        assertThat(read.subList(0, read.size() - 1)).allMatch(LogLine::partial);
        assertThat(read.get(read.size() - 1).partial()).isFalse();
        assertThat(read.get(0).end()).isEqualTo(LogLines.MAX_LINE_BYTES);
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void howTheConsoleIsCutIntoPiecesMakesNoDifference(long seed) {
        var random = new Random(seed);
        var console = noise(random);

        var whole = LogLines.fromBeginning().next(console);
        var pieces = new ArrayList<LogLine>();
        for (int from = 0; from < console.length; ) {
            int to = Math.min(console.length, from + 1 + random.nextInt(700));
            pieces.addAll(lines.next(Arrays.copyOfRange(console, from, to)));
            lines.rest();
            from = to;
        }

        assertThat(told(pieces)).isEqualTo(told(whole));
        assertThat(whole).isNotEmpty();
    }

    private static byte[] noise(Random random) {
        var words = List.of(MS, " ", "o", "E", "k", "\n", "\r\n", "\0", "vmplane-guest: ", "x".repeat(3000), "\u00ff");
        var text = new StringBuilder();
        for (int i = 0; i < 5000; i++) {
            text.append(words.get(random.nextInt(words.size())));
        }
        return text.toString().getBytes(ISO_8859_1);
    }

    private static List<String> told(List<LogLine> lines) {
        return lines.stream()
                .map(line -> line.end() + " " + line.at() + " " + line.stream() + " " + line.partial() + " "
                        + new String(line.bytes(), ISO_8859_1))
                .toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
