package dev.vmplane.cli;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Has the server fetch an image and shows how far it is: as a bar on a terminal, else in a few lines. */
final class Pull {
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(250);

    /** Between two lines where there is no terminal. */
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(5);

    private final ApiClient api;
    private final Output output;
    private String shown = "";
    private long shownAt;

    Pull(ApiClient api, Output output) {
        this.api = api;
        this.output = output;
    }

    /**
     * The image of that name once VMs can boot from it.
     *
     * @param fresh whether its registry is asked what the name means now
     */
    ImageView of(String reference, boolean fresh) {
        var asked = api.post("/images", Map.of("image", reference, "fresh", fresh));
        return ready(reference, new ImageView(asked.body()));
    }

    /** The image once VMs can boot from it. */
    ImageView ready(String name, ImageView first) {
        var image = first;
        while (!image.state().equals("ready")) {
            if (image.state().equals("failed") || image.state().equals("deleting")) {
                output.endLive();
                throw new CommandException("image " + name + " cannot be had: " + why(image));
            }
            show(name, image.progress());
            pause();
            image = new ImageView(api.get("/images/" + ApiClient.escaped(image.digest())));
        }
        output.endLive();
        return image;
    }

    private static String why(ImageView image) {
        return image.state().equals("deleting") ? "it is being removed" : image.trouble();
    }

    private void show(String name, PullProgress progress) {
        if (output.isLive()) {
            output.live(name + "  " + progress.bar());
            return;
        }
        var line = name + ": " + progress.text().strip();
        var now = System.nanoTime();
        if (!line.equals(shown)
                && (shown.isEmpty() || progress.fetched() || now - shownAt >= BETWEEN_LINES.toNanos())) {
            output.note(line);
            shown = line;
            shownAt = now;
        }
    }

    private static void pause() {
        try {
            TimeUnit.NANOSECONDS.sleep(BETWEEN_LOOKS.toNanos());
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            throw new CommandException("the image cannot be waited for: the command was told to end");
        }
    }
}
