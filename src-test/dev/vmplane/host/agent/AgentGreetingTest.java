package dev.vmplane.host.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.host.agent.AgentFrame.Kind;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AgentGreetingTest {
    private static final Buffer NONCE = Buffer.buffer("0123456789abcdef");
    private static final Buffer FORMER = Buffer.buffer("fedcba9876543210");
    private static final Buffer WELCOME = AgentGreeting.welcome(
                    NONCE, new AgentEntries().put("uptime_ms", 5).put("pid", 1))
            .encoded();

    private final AgentGreeting greeting = new AgentGreeting(NONCE);

    @Test
    void aHelloNamesTheVmItMeans() {
        var heard = AgentGreeting.heard(greeting.hello("vm-1"));

        assertThat(heard).contains(new AgentGreeting.Hello(NONCE, "vm-1"));
    }

    @Test
    void anotherFrameIsNoHello() {
        assertThat(AgentGreeting.heard(new AgentFrame(Kind.HELLO, 0, Buffer.buffer("vmplane-agent/1\n"))))
                .isEmpty();
        assertThat(AgentGreeting.heard(new AgentFrame(Kind.METRICS, 0))).isEmpty();
    }

    @Test
    void whatComesBehindTheWelcomeIsKept() {
        var rest = greeting.take(WELCOME.copy().appendString("more"));

        assertThat(rest).contains(Buffer.buffer("more"));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void whatWasSaidToSomebodyElseIsPassedOver(long seed) {
        var random = new Random(seed);
        var noise = new byte[100_000];
        random.nextBytes(noise);
        var wire = Buffer.buffer(noise)
                .appendBuffer(AgentGreeting.welcome(FORMER, new AgentEntries()).encoded())
                .appendString("vmplane-agent/1\n")
                .appendBuffer(WELCOME);

        Optional<Buffer> rest = Optional.empty();
        for (var at = 0; at < wire.length(); ) {
            assertThat(rest).isEmpty();
            var next = Math.min(wire.length(), at + 1 + random.nextInt(at > noise.length - 100 ? 3 : 9_000));
            rest = greeting.take(wire.getBuffer(at, next));
            at = next;
        }

        assertThat(rest).contains(Buffer.buffer());
    }

    @Test
    void ourBytesWithoutTheirHeaderAreNoWelcome() {
        var rest = greeting.take(Buffer.buffer("12345678vmplane-agent/1\n").appendBuffer(NONCE));

        assertThat(rest).isEmpty();
        assertThat(greeting.take(WELCOME)).isPresent();
    }

    @Test
    void aGuestThatSaysSomethingElseForEverIsNotGreeted() {
        var noise = Buffer.buffer(new byte[64 * 1024]);

        assertThatThrownBy(() -> {
                    for (var i = 0; i < 17; i++) {
                        greeting.take(noise);
                    }
                })
                .isInstanceOf(AgentFrameException.class)
                .hasMessageContaining("cannot be greeted");
    }

    @Test
    void aSecondAnswerIsKnownAsOne() {
        assertThat(greeting.answeredBy(AgentGreeting.welcome(NONCE, new AgentEntries())))
                .isTrue();
        assertThat(greeting.answeredBy(AgentGreeting.welcome(FORMER, new AgentEntries())))
                .isFalse();
    }
}
