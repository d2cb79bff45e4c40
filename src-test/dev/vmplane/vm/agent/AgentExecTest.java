package dev.vmplane.vm.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.host.agent.AgentEntries;
import dev.vmplane.host.agent.AgentFrame;
import dev.vmplane.host.agent.AgentFrame.Kind;
import dev.vmplane.model.Exec;
import dev.vmplane.model.GuestExit;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Programs that somebody runs in a guest, whose agent a test plays. */
@ExtendWith(VertxExtension.class)
class AgentExecTest {
    private static final ExecCommand SHELL = new ExecCommand(
            List.of("/bin/sh", "-i"), Map.of("TERM", "xterm"), "app", "/srv", new Exec.Terminal(24, 80));

    private AgentRig rig;
    private Ear ear;
    private Future<ExecSession> starting;
    private AgentFrame asked;

    /** Who listens: takes what comes at once, or when a test says so. */
    private static final class Ear implements ExecSession.Output {
        private final List<String> said = new CopyOnWriteArrayList<>();
        private volatile Promise<Void> slow;
        private volatile Object end;

        @Override
        public Future<Void> took(boolean stderr, Buffer bytes) {
            said.add((stderr ? "err " : "out ") + (bytes.length() > 100 ? bytes.length() : bytes.toString()));
            return slow == null ? Future.succeededFuture() : slow.future();
        }

        @Override
        public void ended(GuestExit exit) {
            end = exit;
        }

        @Override
        public void lost(AgentException why) {
            end = why;
        }
    }

    @BeforeEach
    void open(Vertx vertx) {
        rig = new AgentRig(vertx);
        ear = new Ear();
        starting = rig.on(() -> rig.link.exec(SHELL, ear));
        asked = rig.next(Kind.EXEC);
    }

    @Test
    void theAgentHearsAllThatWasAskedFor() {
        var entries = AgentEntries.of(asked.payload());

        assertThat(entries.all("arg")).containsExactly("/bin/sh", "-i");
        assertThat(entries.all("env")).containsExactly("TERM=xterm");
        assertThat(entries.last("user")).contains("app");
        assertThat(entries.last("workdir")).contains("/srv");
        assertThat(entries.last("tty")).contains("1");
        assertThat(entries.number("rows")).isEqualTo(24);
        assertThat(entries.number("cols")).isEqualTo(80);
    }

    @Test
    void aProgramThatCannotStartSaysWhy() {
        rig.say(Kind.FAILED, asked.session(), "not_found '/bin/sh' cannot be run: no such file");

        var failure = (AgentException) Await.failureOf(starting);
        assertThat(failure.code()).isEqualTo("not_found");
        assertThat(failure).hasMessage("'/bin/sh' cannot be run: no such file");
        assertThat(ear.end).isNull();
    }

    @Test
    void whatAProgramSaysIsHeardAndItsEndComesLast() {
        started();

        rig.say(Kind.STDOUT, asked.session(), "one");
        rig.say(Kind.STDERR, asked.session(), "two");
        rig.say(new AgentFrame(Kind.EXITED, asked.session(), bytes(0, 7)));

        rig.until(() -> ear.end != null);
        assertThat(ear.said).containsExactly("out one", "err two");
        assertThat(ear.end).isEqualTo(new GuestExit(7, null));
    }

    @Test
    void aProgramThatWasKilledSaysBySignal() {
        started();

        rig.say(new AgentFrame(Kind.EXITED, asked.session(), bytes(1, 9)));

        rig.until(() -> ear.end != null);
        assertThat(ear.end).isEqualTo(new GuestExit(null, 9));
    }

    @Test
    void creditIsGivenBackOnlyForWhatWasTaken() {
        started();
        ear.slow = Promise.promise();

        rig.say(Kind.STDOUT, asked.session(), "slow");
        rig.until(() -> ear.said.size() == 1);
        assertThat(rig.heardMore()).isFalse();
        ear.slow.complete();

        assertThat(rig.next(Kind.CREDIT).payload().getUnsignedIntLE(0)).isEqualTo(4);
    }

    @Test
    void whatComesWhileNobodyListensIsJoinedAndTheEndWaits() {
        var session = started();
        var slow = Promise.<Void>promise();
        ear.slow = slow;
        rig.say(Kind.STDOUT, asked.session(), "a");
        for (var i = 0; i < 100; i++) {
            rig.say(Kind.STDOUT, asked.session(), "b");
            rig.say(Kind.STDERR, asked.session(), "c");
        }
        rig.say(new AgentFrame(Kind.EXITED, asked.session(), bytes(0, 0)));
        Await.until(
                true,
                () -> rig.on(() -> session.input(Buffer.buffer())).map(false).otherwise(true));
        assertThat(ear.said).hasSize(1);
        assertThat(ear.end).isNull();

        ear.slow = null;
        slow.complete();

        rig.until(() -> ear.end != null);
        assertThat(ear.said).hasSizeLessThan(40);
        assertThat(ear.said.stream().mapToInt(piece -> piece.length() - 4).sum())
                .isEqualTo(201);
    }

    @Test
    void aProgramThatSaysMoreThanItMayEndsTheConversation() {
        started();
        ear.slow = Promise.promise();

        for (var i = 0; i < 5; i++) {
            rig.say(Kind.STDOUT, asked.session(), "x".repeat(AgentFrame.MAX_PAYLOAD_BYTES));
        }

        rig.until(() -> rig.closed() == 1);
        ear.slow.complete();
        rig.until(() -> ear.end instanceof AgentException);
    }

    @Test
    void whatIsTypedIsDoneWhenTheGuestHasTakenIt() {
        var session = started();

        var typing = rig.on(() -> session.input(Buffer.buffer("ls\n")));
        assertThat(rig.next(Kind.STDIN).payload()).hasToString("ls\n");
        rig.say(new AgentFrame(Kind.TAKEN, asked.session(), Buffer.buffer().appendUnsignedIntLE(2)));
        rig.on(() -> Future.succeededFuture());
        assertThat(typing.isComplete()).isFalse();
        rig.say(new AgentFrame(Kind.TAKEN, asked.session(), Buffer.buffer().appendUnsignedIntLE(1)));

        Await.of(typing);
    }

    @Test
    void noMoreIsTypedThanTheGuestHasRoomFor() {
        var session = started();
        rig.on(() -> session.input(Buffer.buffer(new byte[ExecSession.WINDOW_BYTES])));

        var more = rig.on(() -> session.input(Buffer.buffer("x")));

        assertThat(((AgentException) Await.failureOf(more)).code()).isEqualTo("busy");
        for (var i = 0; i < 4; i++) {
            assertThat(rig.next(Kind.STDIN).payload().length()).isEqualTo(AgentFrame.MAX_PAYLOAD_BYTES);
        }
    }

    @Test
    void aGuestCannotTakeWhatWasNotTyped() {
        started();

        rig.say(new AgentFrame(Kind.TAKEN, asked.session(), Buffer.buffer().appendUnsignedIntLE(1)));

        rig.until(() -> ear.end instanceof AgentException);
    }

    @Test
    void inputThatAProgramDidNotTakeBeforeItEndedFails() {
        var session = started();
        var typing = rig.on(() -> session.input(Buffer.buffer("late")));
        rig.next(Kind.STDIN);

        rig.say(new AgentFrame(Kind.EXITED, asked.session(), bytes(0, 0)));

        assertThat(Await.failureOf(typing)).hasMessage("the program ended before it took what was typed");
        assertThat(Await.failureOf(rig.on(() -> session.input(Buffer.buffer("later")))))
                .hasMessage("the program takes no input any more");
    }

    @Test
    void theEndOfInputAndTheSizeOfTheTerminalReachTheAgent() {
        var session = started();

        rig.run(() -> session.resize(50, 132));
        rig.run(session::endInput);
        rig.run(session::endInput);
        rig.run(session::close);

        var size = rig.next(Kind.RESIZE).payload();
        assertThat(size.getUnsignedShortLE(0)).isEqualTo(50);
        assertThat(size.getUnsignedShortLE(2)).isEqualTo(132);
        assertThat(rig.next(Kind.STDIN).payload().length()).isZero();
        rig.next(Kind.CLOSE);
    }

    @Test
    void whenNobodyListensAnyMoreTheProgramIsMadeToEnd() {
        started();
        ear.slow = Promise.promise();
        rig.say(Kind.STDOUT, asked.session(), "a");
        rig.say(Kind.STDERR, asked.session(), "b");
        rig.until(() -> ear.said.size() == 1);

        ear.slow.fail("gone");

        rig.next(Kind.CLOSE);
        rig.say(Kind.STDOUT, asked.session(), "more");
        rig.say(new AgentFrame(Kind.EXITED, asked.session(), bytes(1, 1)));
        rig.until(() -> ear.end != null);
        assertThat(ear.said).hasSize(1);
    }

    @Test
    void anAgentThatDoesNotEndAProgramIsTakenForDead() {
        var session = started();
        rig.run(session::close);
        rig.next(Kind.CLOSE);

        rig.time.advance(Duration.ofSeconds(10));

        rig.until(() -> ear.end instanceof AgentException);
        rig.until(() -> rig.closed() == 1);
    }

    @Test
    void aProgramWhoseAgentDiesIsLost() {
        started();

        rig.hangUp();

        rig.until(() -> ear.end instanceof AgentException);
    }

    @Test
    void aSessionKeepsTheConnectionOpen() {
        started();

        rig.time.advance(Duration.ofMinutes(10));
        rig.say(Kind.STDOUT, asked.session(), "still here");

        rig.until(() -> ear.said.size() == 1);
        assertThat(rig.closed()).isZero();
    }

    private ExecSession started() {
        rig.say(new AgentFrame(Kind.STARTED, asked.session(), Buffer.buffer().appendUnsignedIntLE(42)));
        var session = Await.of(starting);
        assertThat(session.pid()).isEqualTo(42);
        assertThat(rig.next(Kind.CREDIT).payload().getUnsignedIntLE(0)).isEqualTo(ExecSession.WINDOW_BYTES);
        return session;
    }

    private static Buffer bytes(int first, int second) {
        return Buffer.buffer().appendByte((byte) first).appendByte((byte) second);
    }
}
