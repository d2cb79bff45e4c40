package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.model.RefusedException;
import io.vertx.core.buffer.Buffer;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BodyReaderTest {
    private final BodyReader reader = new BodyReader(text -> Map.of("yaml", text));

    @Test
    void jsonMayNameItsCharset() {
        assertThat(reader.read("Application/JSON; charset=utf-8", Buffer.buffer("{\"a\": 1}")))
                .isEqualTo(Map.of("a", 1));
    }

    @Test
    void yamlGoesToTheReaderOfYaml() {
        assertThat(reader.read("application/yaml", Buffer.buffer("a: 1"))).isEqualTo(Map.of("yaml", "a: 1"));
    }

    @Test
    void bytesThatAreNoTextAreRefused() {
        var latin1 = Buffer.buffer(new byte[] {'{', '"', (byte) 0xe9, '"', ':', '1', '}'});

        assertThatThrownBy(() -> reader.read("application/json", latin1))
                .isInstanceOf(RefusedException.class)
                .hasMessage("the body is not UTF-8");
    }

    @Test
    void aRefusalShowsNeitherClassesNorTheBody() {
        assertThatThrownBy(() -> reader.read("application/json", Buffer.buffer("{\"password\": hunter2}")))
                .hasMessageStartingWith("line 1, column ")
                .hasMessageNotContaining("java")
                .hasMessageNotContaining("password");
    }
}
