package dev.vmplane.vm.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.host.agent.AgentEntries;
import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrame.Kind;
import dev.vmplane.model.GuestMetrics;
import dev.vmplane.model.Hooks.Hook;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Questions to an agent that answers well, badly, or not at all. */
@ExtendWith(VertxExtension.class)
class AgentLinkTest {
    private static final Hook HOOK = new Hook("/warm", 8080, Duration.ofSeconds(3));
    private static final Duration QUIET = Duration.ofSeconds(5);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

    private AgentRig rig;

    @BeforeEach
    void open(Vertx vertx) {
        rig = new AgentRig(vertx);
    }

    @Test
    void aHookIsCalledAsTheSpecSaysAndItsStatusIsTheAnswer() {
        var status = rig.on(() -> rig.link.hook(HOOK, Buffer.buffer("{\"a\":1}")));

        var asked = rig.next(Kind.HOOK);
        var entries = AgentEntries.of(asked.payload());
        assertThat(entries.number("port")).isEqualTo(8080);
        assertThat(entries.last("path")).contains("/warm");
        assertThat(entries.number("timeout_ms")).isEqualTo(3000);
        assertThat(entries.last("body")).contains("{\"a\":1}");
        rig.say(Kind.DONE, asked.session(), "status=204\0");
        assertThat(Await.of(status)).isEqualTo(204);
    }

    @Test
    void aGuestIsToldWhoseItIs() {
        var told = rig.on(() -> rig.link.attach(new Attachment("web", "acme", Map.of("COLOUR", "blue"))));

        var asked = rig.next(Kind.ATTACH);
        var entries = AgentEntries.of(asked.payload());
        assertThat(entries.last("job_id")).contains("web");
        assertThat(entries.last("tenant")).contains("acme");
        assertThat(entries.all("env")).containsExactly("COLOUR=blue");
        rig.say(Kind.DONE, asked.session(), "");
        Await.of(told);
    }

    @Test
    void aGuestThatSleptIsToldTheTime() {
        var now = Instant.parse("2026-01-02T03:04:05.000000678Z");
        var told = rig.on(() -> rig.link.wake(now, Buffer.buffer("unguessable")));

        var asked = rig.next(Kind.CLOCK);
        assertThat(asked.payload().getLongLE(0)).isEqualTo(now.getEpochSecond() * 1_000_000_000L + 678);
        assertThat(asked.payload().getString(8, asked.payload().length())).isEqualTo("unguessable");
        rig.say(Kind.DONE, asked.session(), "");
        Await.of(told);
    }

    @Test
    void aGuestSaysHowItIs() {
        var metrics = rig.on(rig.link::metrics);

        rig.say(
                Kind.MEASURED,
                rig.next(Kind.METRICS).session(),
                "mem_total_kb=100\0mem_available_kb=50\0load_1=0.50\0load_5=1\0load_15=0.01\0disk_total_kb=9\0"
                        + "disk_free_kb=8\0processes=3\0");

        assertThat(Await.of(metrics)).isEqualTo(new GuestMetrics(100, 50, 0.5, 1, 0.01, 9, 8, 3));
    }

    @Test
    void metricsThatAreNoneAreAFailure() {
        var metrics = rig.on(rig.link::metrics);

        rig.say(Kind.MEASURED, rig.next(Kind.METRICS).session(), "mem_total_kb=lots\0");

        assertThat(failure(metrics).getMessage()).startsWith("the guest's agent cannot be understood: 'mem_total_kb'");
    }

    @Test
    void whatTheAgentRefusesSaysWhy() {
        var status = rig.on(() -> rig.link.hook(HOOK, Buffer.buffer("{}")));

        rig.say(Kind.FAILED, rig.next(Kind.HOOK).session(), "io the program\ncannot be called");

        assertThat(failure(status).code()).isEqualTo("io");
        assertThat(failure(status)).hasMessage("the program cannot be called");
    }

    @Test
    void oneConnectionCarriesManyQuestions() {
        var first = rig.on(() -> rig.link.hook(HOOK, Buffer.buffer("1")));
        var second = rig.on(() -> rig.link.hook(HOOK, Buffer.buffer("2")));

        var one = rig.next(Kind.HOOK);
        var two = rig.next(Kind.HOOK);
        rig.say(Kind.DONE, two.session(), "status=202\0");
        rig.say(Kind.DONE, one.session(), "status=201\0");

        assertThat(Await.of(first)).isEqualTo(201);
        assertThat(Await.of(second)).isEqualTo(202);
        assertThat(rig.connections()).isEqualTo(1);
    }

    @Test
    void whatLiesInThePipeIsPassedOver() {
        rig.before(Buffer.buffer("\0\1\2vmplane-agent/1\nxxxxxxxxxxxxxxxxxxxxxxxx")
                .appendBuffer(new AgentFrame(Kind.STDOUT, 1, Buffer.buffer("old")).encoded()));

        stopped();
    }

    @Test
    void aGreetingIsRepeatedUntilItIsAnswered() {
        rig.polite(false);
        var stopping = rig.on(rig.link::stop);
        rig.until(() -> rig.time.pending() >= 2);

        rig.polite(true);
        rig.time.advance(Duration.ofMillis(500));

        rig.say(Kind.DONE, rig.next(Kind.STOP).session(), "");
        Await.of(stopping);
        assertThat(rig.connections()).isEqualTo(1);
    }

    @Test
    void anAgentThatIsNotThereYetIsTriedAgain() {
        rig.there(false);
        var metrics = rig.on(rig.link::metrics);
        rig.until(() -> rig.time.pending() >= 2);

        rig.there(true);
        rig.time.advance(Duration.ofMillis(100));

        rig.next(Kind.METRICS);
        assertThat(metrics.isComplete()).isFalse();
    }

    @Test
    void whoeverWantsTheGuestToEndHearsSoonThatNobodyListens() {
        rig.there(false);

        assertThat(failure(rig.on(rig.link::stop)).isUnreachable()).isTrue();
    }

    @Test
    void anAgentThatIsSilentIsTakenForDeadAndGreetedAnew() {
        var metrics = rig.on(rig.link::metrics);
        rig.next(Kind.METRICS);

        rig.time.advance(ANSWER_LIMIT);

        assertThat(failure(metrics)).hasMessage("the guest's agent cannot be asked: no answer within 10000 ms");
        rig.until(() -> rig.closed() == 1);
        stopped();
        assertThat(rig.connections()).isEqualTo(2);
        assertThat(rig.heardMore()).isFalse();
    }

    @Test
    void aConnectionThatIsQuietIsClosed() {
        stopped();
        rig.until(() -> rig.time.pending() == 1);

        rig.time.advance(QUIET);

        rig.until(() -> rig.closed() == 1);
        assertThat(rig.time.pending()).isZero();
    }

    @Test
    void aQuestionOnAConnectionThatTurnsOutToBeDeadIsAskedOnceMore() {
        stopped();
        var stopping = rig.on(rig.link::stop);
        rig.next(Kind.STOP);

        rig.hangUp();

        rig.say(Kind.DONE, rig.next(Kind.STOP).session(), "");
        Await.of(stopping);
    }

    @Test
    void aQuestionOnAFreshConnectionIsAskedOnce() {
        var stopping = rig.on(rig.link::stop);
        rig.next(Kind.STOP);

        rig.hangUp();

        assertThat(failure(stopping).isUnreachable()).isTrue();
        assertThat(rig.connections()).isEqualTo(1);
    }

    @Test
    void anAgentThatSaysWhatNobodyAskedForIsHungUpOn() {
        stopped();

        rig.say(Kind.STDOUT, 9, "buy now");

        rig.until(() -> rig.closed() == 1);
        stopped();
    }

    @Test
    void anAgentThatWasStartedAnewIsGreetedAnew() {
        stopped();
        var metrics = rig.on(rig.link::metrics);
        rig.next(Kind.METRICS);

        rig.say(Kind.FAILED, 0, "io the agent has been started anew");

        rig.next(Kind.METRICS);
        assertThat(rig.connections()).isEqualTo(2);
        assertThat(metrics.isComplete()).isFalse();
    }

    @Test
    void anAgentThatTalksNonsenseIsHungUpOn() {
        var metrics = rig.on(rig.link::metrics);
        rig.next();

        rig.say(Buffer.buffer("HTTP/1.1 400 Bad Request\r\n\r\n"));

        assertThat(failure(metrics).getMessage()).contains("a frame cannot begin with");
        rig.until(() -> rig.closed() == 1);
    }

    @Test
    void whatFitsIntoNoFrameIsNotAsked() {
        var tooMuch = Map.of("A", "x".repeat(AgentFrame.MAX_PAYLOAD_BYTES));

        var told = rig.on(() -> rig.link.attach(new Attachment("web", "acme", tooMuch)));

        assertThat(failure(told).code()).isEqualTo("bad_request");
        assertThat(rig.connections()).isZero();
    }

    @Test
    void whoeverLetsGoFailsWhatIsUnderWay() {
        var metrics = rig.on(rig.link::metrics);
        rig.next();

        rig.run(rig.link::close);

        assertThat(failure(metrics).isUnreachable()).isTrue();
        rig.until(() -> rig.closed() == 1 && rig.time.pending() == 0);
    }

    private void stopped() {
        var stopping = rig.on(rig.link::stop);
        rig.say(Kind.DONE, rig.next(Kind.STOP).session(), "");
        Await.of(stopping);
    }

    private static AgentException failure(Future<?> asked) {
        return (AgentException) Await.failureOf(asked);
    }
}
