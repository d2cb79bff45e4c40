package dev.vmplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.vmplane.model.RefusedException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlDocumentTest {

    @Test
    void becomesPlainJavaValues() {
        var document = YamlDocument.parse("a: [1, -20, 3000000000, true, false, null, ~, x]\nb: {c: 'd'}\ne:\n");

        assertThat(document.object().get("a"))
                .isEqualTo(Arrays.asList(1, -20, 3000000000L, true, false, null, null, "x"));
        assertThat(document.object().get("b")).isEqualTo(Map.of("c", "d"));
        assertThat(document.object()).containsEntry("e", null);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no",
                "yes",
                "on",
                "off",
                "True",
                "NULL",
                "0755",
                "0x1F",
                "1e3",
                "+5",
                "-0",
                "1.10",
                "1_000",
                "12:30",
                "2026-01-01",
                ".inf",
                "99999999999999999999"
            })
    void aWordThatSaysMoreThanAValueStaysText(String word) {
        var document = YamlDocument.parse("a: " + word);

        assertThat(document.object()).containsEntry("a", word);
    }

    @ParameterizedTest
    @ValueSource(strings = {"'5'", "\"5\"", "!!str 5", "|-\n  5"})
    void aQuotedNumberIsText(String written) {
        var document = YamlDocument.parse("a: " + written);

        assertThat(document.object()).containsEntry("a", "5");
    }

    @Test
    void knowsTheLineOfEveryPlace() {
        var document = YamlDocument.parse("a:\n  b: 1\nc:\n  - d\n  -\n    e: 2\n");

        assertThat(document.lines()).isEqualTo(Map.of("a", 1, "a.b", 2, "c", 3, "c[0]", 4, "c[1]", 6, "c[1].e", 6));
    }

    @Test
    void aPlaceThatIsNotWrittenIsSoughtAroundIt() {
        var document = YamlDocument.parse("x: 0\na:\n  b: 1\n");

        assertThat(document.line("a.missing.deep")).isEqualTo(2);
        assertThat(document.line("elsewhere")).isEqualTo(1);
    }

    @Test
    void anAliasStandsForWhatItNames() {
        var document = YamlDocument.parse("a: &x {b: 1}\nc: *x\n");

        assertThat(document.object().get("c")).isEqualTo(Map.of("b", 1));
    }

    @Test
    void anEmptyTextIsAnEmptyObject() {
        assertThat(YamlDocument.parse("# nothing\n").object()).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformed")
    void isRefusedWithItsLine(String why, String text, String code, String message) {
        var refused = catchThrowableOfType(
                RefusedException.class, () -> YamlDocument.parse(text).object());

        assertThat(refused.refusal().code()).isEqualTo(code);
        assertThat(refused).hasMessageContaining(message);
        assertThat(refused.getMessage()).hasSizeLessThan(400).doesNotContain("\n");
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                arguments("open list", "a: 1\nb: [1,\n", "bad_yaml", "line 3, column 1: "),
                arguments("tab", "a:\n\tb: 1\n", "bad_yaml", "line 2, column 1: "),
                arguments("control character", "a: \u0007\n", "bad_yaml", "special characters"),
                arguments("two documents", "a: 1\n---\nb: 1\n", "bad_yaml", "line 2, column 1: "),
                arguments("key twice", "a: 1\nb: 2\na: 3\n", "duplicate_key", "line 3: a cannot be written twice"),
                arguments("key twice below", "a:\n  b: 2\n  b: 3\n", "duplicate_key", "line 3: a.b cannot"),
                arguments("own tag", "a: !secret x\n", "bad_yaml", "line 1: the tag !secret"),
                arguments(
                        "tag of Java",
                        "a: !!java.io.File [x]\n",
                        "bad_yaml",
                        "line 1, column 4: Global tag is not allowed"),
                arguments("tag that lies", "a: !!int x\n", "bad_yaml", "line 1: the tag tag:yaml.org,2002:int"),
                arguments("tagged object", "a: !!set {x}\n", "bad_yaml", "line 1: the tag tag:yaml.org,2002:set"),
                arguments("object as a name", "? {a: 1}\n: 2\n", "bad_yaml", "line 1: a name cannot be"),
                arguments("list", "- a\n", "wrong_type", "the document cannot be"),
                arguments("unknown alias", "a: *b\n", "bad_yaml", "line 1, column 4: "),
                arguments("alias of itself", "a: &x\n  b: *x\n", "too_large", "nest deeper"),
                arguments("aliases of aliases", laughs(), "too_large", "stand for more than"),
                arguments("many aliases", "a: &x [1]\nb: [" + "*x,".repeat(51) + "]\n", "bad_yaml", "aliases"),
                arguments("deep", "[".repeat(60) + "]".repeat(60), "bad_yaml", "Nesting Depth"),
                arguments("long", "a: " + "x".repeat(1 << 20), "too_large", "cannot have more than"));
    }

    /** Fifty aliases that stand for ten million values. */
    private static String laughs() {
        var text = new StringBuilder("a0: &a0 [x]\n");
        for (int level = 1; level <= 10; level++) {
            var below = "*a" + (level - 1);
            text.append("a").append(level).append(": &a").append(level).append(" [");
            text.append(String.join(", ", List.of(below, below, below, below, below)));
            text.append("]\n");
        }
        return text.toString();
    }
}
