package dev.vmplane.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** Sends an archive to the server and waits until VMs can boot from what is in it. */
final class ImageUpload {
    /** From the last byte to the answer: the server looks at all of it first. */
    private static final Duration ANSWER_LIMIT = Duration.ofMinutes(10);

    private final ApiClient api;
    private final Output output;

    ImageUpload(ApiClient api, Output output) {
        this.api = api;
        this.output = output;
    }

    /** @param size of the archive, or 0 when it is not known */
    void send(String reference, InputStream archive, long size) {
        var answer = api.upload(
                "/images/load?name=" + ApiClient.escaped(reference), new Counted(archive, size), ANSWER_LIMIT);
        output.endLive();
        var image = new Pull(api, output).ready(reference, new ImageView(answer.body()));
        output.note(reference + " is here, " + ByteSize.shown(image.bytes()));
        output.result(image.digest());
    }

    /** Shows how much of the archive has gone out, at each whole percent or MiB. */
    private final class Counted extends FilterInputStream {
        private final long size;
        private long sent;
        private long shown = -1;

        private Counted(InputStream bytes, long size) {
            super(bytes);
            this.size = size;
        }

        @Override
        public int read(byte[] into, int from, int most) throws IOException {
            var read = super.read(into, from, most);
            sent += Math.max(0, read);
            if (output.isLive()) {
                show();
            }
            return read;
        }

        private void show() {
            var step = sent / (size > 0 ? Math.max(1, size / 100) : ByteSize.MIB);
            if (step != shown) {
                shown = step;
                output.live("sending " + ByteSize.shown(sent) + (size > 0 ? " of " + ByteSize.shown(size) : ""));
            }
        }
    }
}
