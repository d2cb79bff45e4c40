package dev.vmplane.host.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.host.agent.AgentFrame.Kind;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgentFrameReaderTest {
    private final AgentFrameReader reader = new AgentFrameReader();

    @Test
    void aFrameOnTheWireIsAsItIsWrittenDown() {
        var frame = new AgentFrame(Kind.STDOUT, 0x0102, Buffer.buffer("hi"));

        assertThat(frame.encoded().getBytes()).containsExactly(0x91, 0, 2, 1, 2, 0, 0, 0, 'h', 'i');
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void framesAreTheSameHoweverTheyAreCut(long seed) {
        var random = new Random(seed);
        var frames = new ArrayList<AgentFrame>();
        var wire = Buffer.buffer();
        for (var i = 0; i < 50; i++) {
            var payload = new byte[random.nextInt(4) == 0 ? AgentFrame.MAX_PAYLOAD_BYTES : random.nextInt(20)];
            random.nextBytes(payload);
            var kinds = Kind.values();
            var frame = new AgentFrame(
                    kinds[random.nextInt(kinds.length)], random.nextInt(0x10000), Buffer.buffer(payload));
            frames.add(frame);
            wire.appendBuffer(frame.encoded());
        }

        var read = new ArrayList<AgentFrame>();
        for (var at = 0; at < wire.length(); ) {
            var next = Math.min(wire.length(), at + 1 + random.nextInt(random.nextBoolean() ? 5 : 40_000));
            read.addAll(reader.take(wire.getBuffer(at, next)));
            at = next;
        }

        assertThat(read).isEqualTo(frames);
    }

    @ParameterizedTest
    @CsvSource({
        "0x00, 0, 0", // no such kind
        "0x95, 0, 0", // nor this
        "0x91, 1, 0", // the second byte is 0
        "0x91, 0, 16385", // too long
        "0x91, 0, -1" // and longer
    })
    void whatBeginsNoFrameIsRefused(String code, int second, int length) {
        var header = Buffer.buffer()
                .appendUnsignedByte(Integer.decode(code).shortValue())
                .appendByte((byte) second)
                .appendUnsignedShortLE(1)
                .appendIntLE(length);

        assertThatThrownBy(() -> reader.take(header))
                .isInstanceOf(AgentFrameException.class)
                .hasMessageContaining("cannot begin with");
    }

    @Test
    void aFrameThatIsNotCompleteWaits() {
        var wire = new AgentFrame(Kind.DONE, 7, Buffer.buffer("abc")).encoded();

        assertThat(reader.take(wire.getBuffer(0, wire.length() - 1))).isEmpty();
        assertThat(reader.take(wire.getBuffer(wire.length() - 1, wire.length())))
                .isEqualTo(List.of(new AgentFrame(Kind.DONE, 7, Buffer.buffer("abc"))));
    }

    @Test
    void noFrameIsMadeThatNobodyWouldRead() {
        var tooLong = new AgentFrame(Kind.EXEC, 1, Buffer.buffer(new byte[AgentFrame.MAX_PAYLOAD_BYTES + 1]));

        assertThatThrownBy(tooLong::encoded).hasMessage("a EXEC frame cannot hold 16385 bytes");
    }
}
