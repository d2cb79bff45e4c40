package dev.vmplane.host.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.buffer.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AgentEntriesTest {

    @Test
    void entriesAreReadAsTheyWereWritten() {
        var written =
                new AgentEntries().put("arg", "/bin/sh").put("arg", "a=b\nü").put("rows", 24);

        var read = AgentEntries.of(written.encoded());

        assertThat(read.all("arg")).containsExactly("/bin/sh", "a=b\nü");
        assertThat(read.number("rows")).isEqualTo(24);
        assertThat(read.last("user")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=b", "=b\0", "a\0", "a=b\0c"})
    void whatIsNoEntryIsRefused(String payload) {
        assertThatThrownBy(() -> AgentEntries.of(Buffer.buffer(payload))).isInstanceOf(AgentFrameException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "1e9", "NaN", "1234567890123456789", "0x10"})
    void whatIsNoNumberIsRefused(String value) {
        var entries = new AgentEntries().put("n", value);

        assertThatThrownBy(() -> entries.number("n")).hasMessageContaining("it is no number");
        assertThatThrownBy(() -> entries.fraction("n")).hasMessageContaining("it is no number");
    }

    @Test
    void aLoadHasAFraction() {
        assertThat(new AgentEntries().put("load_1", "0.25").fraction("load_1")).isEqualTo(0.25);
    }

    @Test
    void aValueWithNulHasNoPlaceAndIsNotNamed() {
        assertThatThrownBy(() -> new AgentEntries().put("env", "SECRET=a\0b"))
                .isInstanceOf(AgentFrameException.class)
                .hasMessageNotContaining("SECRET");
    }
}
