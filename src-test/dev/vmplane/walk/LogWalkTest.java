package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What real guests print, and a terminal in one, as people see them through the API. */
@Tag("qemu")
class LogWalkTest {
    private static final long LIMIT_SECONDS = 240;
    private static final int FLOOD_LINES = 150_000;
    private static final int LINE_BYTES = 89;

    @TempDir
    private Path home;

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient http = vertx.createHttpClient();
    private final WebSocketClient sockets = vertx.createWebSocketClient();
    private RealPlane plane;

    @BeforeEach
    void start() throws Exception {
        plane = RealPlane.start(GuestTool.images(home));
    }

    @AfterEach
    void stop() {
        Await.of(http.close().eventually(sockets::close).eventually(vertx::close));
        plane.close();
    }

    @Test
    void aFloodCostsABoundedFileAndItsFollowerHearsItToTheEnd() {
        var spec = spec("flood", Integer.toString(FLOOD_LINES))
                .put("lifecycle", "job")
                .put("health", "none");
        plane.wish("flood", spec);
        var follower = new Follower();
        follow("/vms/flood/logs?follow=true", follower);
        var most = 0L;

        for (long lines = 0; lines < FLOOD_LINES; lines += FLOOD_LINES / 40) {
            var some = lines;
            until(() -> follower.over() || follower.lines() > some);
            most = Math.max(most, diskBytes("run"));
        }
        until(follower::over);

        assertThat(follower.lines()).isEqualTo(FLOOD_LINES);
        assertThat(follower.others()).isEqualTo("printed " + FLOOD_LINES);
        System.out.printf(
                "flood: %d bytes printed, at most %d KiB on disk while it ran, %d KiB kept of it%n",
                (long) FLOOD_LINES * LINE_BYTES, most / 1024, diskBytes("logs") / 1024);
        assertThat(most).isLessThan(12L << 20);
        assertThat(diskBytes("logs")).isLessThan(300L << 10);
        assertThat(plane.get("/vms/flood/logs?tail=1&stream=stderr").text()).isEqualTo("printed " + FLOOD_LINES + "\n");
        assertThat(plane.get("/vms/flood/logs?tail=1&stream=guest").text()).isEqualTo("vmplane-guest: exit status=0\n");
    }

    @Test
    void aTerminalInAGuestHasItsSizeAndEndsWithWhoeverTypes() {
        plane.wish("web", spec("serve").put("port", 8080).put("health", new JsonObject().put("http", "/health")));
        plane.heard(
                "vm.phase",
                event -> "running".equals(event.getJsonObject("data").getString("to")));

        var person = new Person();
        var socket = Await.of(exec("&cmd=size&tty=true&rows=24&cols=80").onSuccess(person::attach));
        until(() -> person.heard().contains("24 80"));
        Await.of(socket.writeBinaryMessage(Buffer.buffer("\u0004{\"rows\":50,\"cols\":132}")));
        until(() -> person.heard().contains("50 132"));
        Await.of(socket.close());

        var status = new Person();
        exec("&cmd=exit&cmd=7").onSuccess(status::attach);
        until(() -> status.heard().equals("\u0003{\"status\":7}"));
        var missing = new Person();
        Await.of(sockets.connect(plane.apiPort(), "127.0.0.1", "/vms/web/exec?cmd=/no/such")
                .onSuccess(missing::attach));
        until(() -> missing.heard().contains("\"code\":\"not_found\""));
    }

    private Future<WebSocket> exec(String query) {
        return sockets.connect(plane.apiPort(), "127.0.0.1", "/vms/web/exec?cmd=" + GuestTool.PROGRAM + query);
    }

    private void follow(String uri, Follower follower) {
        http.request(HttpMethod.GET, plane.apiPort(), "127.0.0.1", uri)
                .compose(request -> request.send())
                .onSuccess(response -> response.handler(part -> follower.hear(part.toString(StandardCharsets.UTF_8)))
                        .endHandler(end -> follower.end()));
    }

    private static JsonObject spec(String... words) {
        var cmd = new JsonArray().add(GuestTool.PROGRAM);
        for (var word : words) {
            cmd.add(word);
        }
        return new JsonObject()
                .put("rootfs", GuestTool.ROOTFS)
                .put("cmd", cmd)
                .put("warm_pool", new JsonObject().put("min", 0));
    }

    /** What the consoles, or the logs that are kept, take on disk. */
    private long diskBytes(String directory) {
        try {
            var du = new ProcessBuilder(
                            "find",
                            plane.stateDir().resolve(directory).toString(),
                            "-name",
                            "*.log",
                            "-printf",
                            "%b\\n")
                    .redirectErrorStream(false)
                    .start();
            return new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .mapToLong(Long::parseLong)
                            .sum()
                    * 512;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static void until(BooleanSupplier state) {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!state.getAsBoolean()) {
            assertThat(System.nanoTime()).as("the limit").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** Counts the lines of a flood, as long as each follows the one before. What is printed apart may come between them. */
    private static final class Follower {
        private final StringBuilder others = new StringBuilder();
        private long lines;
        private boolean over;
        private String rest = "";

        private synchronized void hear(String part) {
            var pieces = (rest + part).split("\n", -1);
            for (var n = 0; n < pieces.length - 1; n++) {
                if (pieces[n].startsWith("line %09d ".formatted(lines))) {
                    lines++;
                } else {
                    others.append(pieces[n]);
                }
            }
            rest = pieces[pieces.length - 1];
        }

        private synchronized void end() {
            over = true;
        }

        private synchronized boolean over() {
            return over;
        }

        private synchronized long lines() {
            return lines;
        }

        private synchronized String others() {
            return others.toString();
        }
    }

    /** Somebody at a program. */
    private static final class Person {
        private final StringBuilder heard = new StringBuilder();

        private void attach(WebSocket socket) {
            socket.binaryMessageHandler(message -> hear(message.toString(StandardCharsets.UTF_8)));
        }

        private synchronized void hear(String message) {
            heard.append(message);
        }

        private synchronized String heard() {
            return heard.toString();
        }
    }
}
