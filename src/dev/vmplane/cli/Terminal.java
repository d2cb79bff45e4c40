package dev.vmplane.cli;

import dev.vmplane.model.Exec;
import java.io.InputStream;

/** The terminal a person sits at. Closing it leaves it as it was found. */
interface Terminal extends AutoCloseable {
    Exec.Terminal size();

    /** From now on every key is bytes of {@link #input}, Ctrl-C too, and nothing is echoed or changed on its way out. */
    void raw();

    /** Runs {@code task} each time the size has changed. */
    void onResize(Runnable task);

    /** What is typed. */
    InputStream input();

    @Override
    void close();
}
