package dev.vmplane.vm.agent;

import dev.vmplane.model.GuestExit;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntConsumer;

/**
 * Hands what a program says to who listens, one piece at a time, and its end last. What comes meanwhile is joined: a
 * listener that is slow is handed fewer and larger pieces. The credit of the session bounds the sum, {@link #MAX_WAITING} the
 * number; where a program that changes between its streams with every byte reaches that, pieces of one stream move past
 * pieces of the other.
 */
final class ExecOutlet {
    private static final int MAX_WAITING = 32;

    private final ExecSession.Output output;
    private final IntConsumer taken;
    private final Runnable deserted;
    private final Deque<Piece> waiting = new ArrayDeque<>();
    private boolean handing;
    private boolean alone;
    private Runnable last;

    /**
     * An outlet through which nothing has gone.
     *
     * @param taken told how many bytes the listener has taken
     * @param deserted told when the listener takes nothing more
     */
    ExecOutlet(ExecSession.Output output, IntConsumer taken, Runnable deserted) {
        this.output = output;
        this.taken = taken;
        this.deserted = deserted;
    }

    private record Piece(boolean stderr, Buffer bytes) {}

    void take(boolean stderr, Buffer bytes) {
        if (alone) {
            return;
        }
        var end = waiting.peekLast();
        if (end != null && end.stderr() == stderr) {
            end.bytes().appendBuffer(bytes);
        } else if (waiting.size() < MAX_WAITING) {
            waiting.add(new Piece(stderr, bytes.copy()));
        } else {
            waiting.stream()
                    .filter(piece -> piece.stderr() == stderr)
                    .reduce((former, later) -> later)
                    .orElseThrow()
                    .bytes()
                    .appendBuffer(bytes);
        }
        next();
    }

    void ended(GuestExit exit) {
        last = () -> output.ended(exit);
        next();
    }

    void lost(AgentException why) {
        last = () -> output.lost(why);
        next();
    }

    private void next() {
        if (handing) {
            return;
        }
        var piece = waiting.poll();
        if (piece != null) {
            handing = true;
            output.took(piece.stderr(), piece.bytes()).onComplete(done -> taken(piece, done.succeeded()));
        } else if (last != null) {
            var end = last;
            last = null;
            end.run();
        }
    }

    private void taken(Piece piece, boolean well) {
        handing = false;
        if (well) {
            taken.accept(piece.bytes().length());
        } else {
            alone = true;
            waiting.clear();
            deserted.run();
        }
        next();
    }
}
