package dev.vmplane.model;

import java.util.List;
import java.util.Map;

/** What is said about a program that somebody runs in a guest beside the VM's own. */
public final class Exec {
    private Exec() {}

    /**
     * What to run.
     *
     * @param sessionId chosen by the asker; nobody else has it
     * @param cmd argument vector; empty for the VM's own program
     * @param env added to the program's own, by name
     * @param user as in {@link Program}, or null for the program's own
     * @param workdir or null for the program's own
     * @param terminal of which size, or null for plain streams
     */
    public record Start(
            String sessionId,
            List<String> cmd,
            Map<String, String> env,
            String user,
            String workdir,
            Terminal terminal) {}

    /** The size of a terminal in characters. */
    public record Terminal(int rows, int columns) {}

    /** It runs, as this process of the guest. */
    public record Started(int pid) {}

    /**
     * One act of the person at a session.
     *
     * @param bytes for {@link Act#STDIN}, else empty
     * @param terminal for {@link Act#RESIZE}, else null
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody writes to it once it is in here
    public record Input(Act act, byte[] bytes, Terminal terminal) {
        public enum Act {
            STDIN,
            /** Nothing more will be typed. */
            END,
            RESIZE,
            /** The person has gone: the program is made to end. */
            CLOSE
        }
    }

    /**
     * One act of the guest in a session; {@link Kind#EXITED} and {@link Kind#LOST} are the last.
     *
     * @param bytes for the two streams, else empty
     * @param exit for {@link Kind#EXITED}, else null
     * @param why for {@link Kind#LOST}, for people, else null
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody writes to it once it is in here
    public record Output(Kind kind, byte[] bytes, GuestExit exit, String why) {
        public enum Kind {
            STDOUT,
            STDERR,
            EXITED,
            /** Nobody can tell any more how it goes on. */
            LOST
        }
    }
}
