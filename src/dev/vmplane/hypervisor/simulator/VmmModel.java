package dev.vmplane.hypervisor.simulator;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What the API of one hypervisor decides, without a server: takes one request after another, keeps the machine that was
 * configured, and says what to answer and what must happen. Touches no file and knows no time.
 */
interface VmmModel {

    /** What a request, or the guest itself, makes of the machine. */
    enum Effect {
        NONE,
        /** The way to the guest's agent is bound. */
        LISTEN,
        START,
        PAUSE,
        RESUME,
        ASK_TO_END,
        /** The guest is gone at once and without a word; the process stays. */
        HALT,
        /** As HALT, and a new guest boots in the same process. */
        RESTART,
        /** The process ends. */
        END
    }

    /** One request; an empty body is none. */
    record Request(String method, String path, String body) {
        String call() {
            return method + " " + path;
        }
    }

    /**
     * One answer and what comes of it.
     *
     * @param body JSON, or null for none
     */
    record Answer(int status, String body, Effect effect) {}

    /**
     * What sets one hypervisor's process apart from another's.
     *
     * @param name what its server calls itself
     * @param ownsSocket takes over whatever lies at the path of its socket, and removes it when it ends by itself
     */
    record Habits(String name, int maxBodyBytes, boolean ownsSocket) {}

    Habits habits();

    /** The files that the answer to a request depends on; empty for a request that will be refused anyway. */
    List<Path> filesNamedBy(Request request);

    /** Answers a request; {@code exists} tells of the files {@link #filesNamedBy} it. */
    Answer answer(Request request, Predicate<Path> exists);

    /** The answer to a request that is refused because the simulator was told so. */
    Answer refusal(String why);

    /** The file the guest reads its configuration from: the disk called {@code config}, or null. */
    Path configDisk();

    /** The file that is emptied when a guest starts and takes what it prints; without one, that is the process's output. */
    Optional<Path> console();

    /** Where the process lets in whoever speaks with the guest's agent, if it was told to. */
    Optional<Path> agentSocket();

    /** The files that decide whether it {@link #bootsAgain}. */
    List<Path> filesOfReset();

    /** Whether a guest that resets its machine boots again in the same process; otherwise the process ends. */
    boolean bootsAgain(Predicate<Path> exists);
}
