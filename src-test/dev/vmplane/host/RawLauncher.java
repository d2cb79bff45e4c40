package dev.vmplane.host;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;

/** A connection of its own to the launcher of a state directory, for what a control plane never says. */
final class RawLauncher implements AutoCloseable {
    private final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);

    RawLauncher(Path stateDir) throws IOException {
        channel.connect(UnixDomainSocketAddress.of(stateDir.resolve("launcher.sock")));
    }

    void say(byte[] bytes) throws IOException {
        channel.write(ByteBuffer.wrap(bytes));
    }

    void say(String... fields) throws IOException {
        say(LauncherFrame.of(List.of(fields)));
    }

    List<String> hear() throws IOException {
        var input = new DataInputStream(Channels.newInputStream(channel));
        var body = new byte[input.readInt()];
        input.readFully(body);
        return LauncherFrame.fields(body);
    }

    /** Returns when the other side has ended the connection. */
    boolean closed() throws IOException {
        return channel.read(ByteBuffer.allocate(1)) < 0;
    }

    /** Takes all it has to say, until it ends the connection. */
    void drain() throws IOException {
        var rest = ByteBuffer.allocate(1024);
        try {
            while (channel.read(rest.clear()) >= 0) {
                // What it says does not matter here.
            }
        } catch (IOException endedWithOurWordsUnread) {
            // Ended all the same.
        }
    }

    long pid() throws IOException {
        say("1", "hello");
        return Long.parseLong(hear().get(3));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
