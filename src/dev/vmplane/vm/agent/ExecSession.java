package dev.vmplane.vm.agent;

import dev.vmplane.model.GuestExit;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** A program that somebody runs in a guest. */
public interface ExecSession {
    /** How much may be on its way to the program, and as much from it: what a session costs at most. */
    int WINDOW_BYTES = 64 * 1024;

    int pid();

    /** Types something, at most {@link #WINDOW_BYTES} before it was taken; completes when the guest has taken it. */
    Future<Void> input(Buffer bytes);

    /** Nothing more will be typed. */
    void endInput();

    void resize(int rows, int columns);

    /** Nobody listens any more: the program is made to end. May be repeated. */
    void close();

    /** Who listens to it: one thing at a time, and the end once. */
    interface Output {
        /** The guest is given leave to say as much again when the future completes; when it fails, the session is closed. */
        Future<Void> took(boolean stderr, Buffer bytes);

        /** The program has ended; everything it said was taken before. */
        void ended(GuestExit exit);

        /** Nobody can tell how it goes on. */
        void lost(AgentException why);
    }
}
