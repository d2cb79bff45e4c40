package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmplane.model.Guard;
import dev.vmplane.model.RefusedException;
import io.vertx.core.MultiMap;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IfMatchTest {
    @Test
    void aRequestWithoutItAsksNothing() {
        assertThat(IfMatch.of(MultiMap.caseInsensitiveMultiMap())).isEqualTo(Guard.NONE);
    }

    @Test
    void aStarAsksThatTheJobIsThere() {
        assertThat(of("*")).isEqualTo(Guard.THERE);
    }

    @Test
    void severalGenerationsMayDo() {
        assertThat(of("\"3\" , \"4\"")).isEqualTo(Guard.of(Set.of(3L, 4L)));
    }

    @Test
    void linesOfTheHeaderAreOneList() {
        var headers =
                MultiMap.caseInsensitiveMultiMap().add("if-match", "\"3\"").add("if-match", "\"4\"");

        assertThat(IfMatch.of(headers)).isEqualTo(Guard.of(Set.of(3L, 4L)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"W/\"3\"", "\"\"", "\"abc\"", "\"03\"", "\"-1\"", "\"99999999999999999999\""})
    void aTagThatNoAnswerHadMatchesNothing(String tag) {
        assertThat(of(tag)).isEqualTo(Guard.of(Set.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "3", "\"3", "\"3\" \"4\"", "\"3\",", "*, \"3\"", "'3'", "w/\"3\""})
    void whatIsNoTagIsRefused(String text) {
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> of(text))
                .satisfies(refused -> assertThat(refused.refusal().field()).isEqualTo("If-Match"));
    }

    private static Guard of(String value) {
        return IfMatch.of(MultiMap.caseInsensitiveMultiMap().add("if-match", value));
    }
}
