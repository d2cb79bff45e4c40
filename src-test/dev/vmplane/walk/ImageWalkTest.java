package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.host.network.Lab;
import dev.vmplane.image.TarBytes;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Images of a real registry on real guests, by the command line. */
@Tag("qemu")
class ImageWalkTest {
    private static final long MEBI = 1024 * 1024;

    /** What the launcher keeps of a console, and what it lets it grow by before it cuts it. */
    private static final long KEPT_BYTES = 9 * MEBI + MEBI / 2;

    private Town town;

    @BeforeEach
    void build() throws IOException {
        town = new Town();
    }

    @AfterEach
    void tearDown() throws IOException {
        town.close();
    }

    @Test
    void anImageIsServedAndItsVmCanBeLookedInto() throws IOException {
        var web = town.push("web:1", web());

        var run = town.vmplane("run -d --name web " + web);

        assertThat(run).contains("localhost:5000/web:1: asking for its layers", "\nweb\nweb will be at ", "status 0");
        Lab.await(() -> town.plane.visit("web", "/").equals("hello from an image"));
        assertThat(town.vmplane("logs web")).startsWith("listening as web in /www, ODD=a b\n");
        assertThat(town.vmplane("exec web id")).isEqualTo("uid=1000(web) gid=1001(web) groups=1002(logs)\nstatus 0\n");
        assertThat(town.vmplane("exec web busybox env")).contains("\napp.mode=x=y\n", "ODD=a b\n");
        assertThat(town.vmplane("exec -u root -w / web sh -c 'pwd; id -u; exit 5'"))
                .isEqualTo("/\n0\nstatus 5\n");
        assertThat(town.vmplaneAtTerminal(33, 44, "exec -it web stty size")).contains("33 44\n", "status 0");
        assertThat(town.vmplane("image rm " + web)).contains("job 'web'", "status 1");
    }

    private static dev.vmplane.image.PackedImage web() throws IOException {
        return Town.image("echo \"listening as $(id -un) in $(pwd), ODD=$ODD\"\nexec httpd -f -p 8000 -h /www\n")
                .layer(new TarBytes()
                        .folder("etc")
                        .folder("www")
                        .file("www/index.html", "hello from an image\n")
                        .file("etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:1000:1001::/www:/bin/sh\n")
                        .file("etc/group", "root:x:0:\nweb:x:1001:\nlogs:x:1002:web\n")
                        .tar())
                .says("User", "web")
                .says("WorkingDir", "/www")
                .says("Env", new JsonArray().add("ODD=a b").add("app.mode=x=y").add("PATH=/bin"))
                .says("ExposedPorts", new JsonObject().put("8000/tcp", new JsonObject()));
    }

    @Test
    void theStatusOfAJobIsTheCommandsAndNothingIsLeftOfIt() throws IOException {
        var seven = town.push("seven:1", Town.image("echo going; echo wrong >&2; exit 7\n"));

        var run = town.vmplane("run --rm --name seven " + seven);

        assertThat(run).contains("going\n", "wrong\n").endsWith("status 7\n");
        assertThat(town.vmplane("ps -a")).doesNotContain("seven");
        assertThat(town.vmplane("run --rm --user nobody " + seven))
                .contains("vmplane: the guest cannot become nobody: there is no such user")
                .endsWith("status 126\n");
        assertThat(town.vmplane("run --rm localhost:5000/six:1"))
                .contains("image localhost:5000/six:1 cannot be had: there is no such image in its registry")
                .endsWith("status 125\n");
    }

    @Test
    void aGuestThatFloodsItsConsoleTakesNoMoreOfTheDiskThanOneThatDoesNot() throws IOException {
        var flood = town.push("flood:1", Town.image("exec yes 'all work and no play makes a dull guest'\n"));

        town.vmplane("run -d --name flood --lifecycle daemon " + flood);

        Lab.await(() -> console("flood").toFile().length() > 12 * MEBI);
        Lab.await(() -> onDisk(console("flood")) < KEPT_BYTES);
        assertThat(console("flood").toFile().length()).isGreaterThan(12 * MEBI);
        assertThat(town.vmplane("logs -n 2 flood"))
                .isEqualTo("all work and no play makes a dull guest\n".repeat(2) + "status 0\n");
    }

    private Path console(String jobId) {
        try (var files = Files.walk(town.plane.lab.work().resolve("state/run"))) {
            var vm = town.plane.vmsOf(jobId).findFirst().map(found -> found.getString("vm_id"));
            return files.filter(file -> vm.isPresent() && file.endsWith(vm.get() + "/console.log"))
                    .findFirst()
                    .orElse(Path.of("/nothing"));
        } catch (IOException | UncheckedIOException moved) {
            return Path.of("/nothing");
        }
    }

    private long onDisk(Path file) {
        return Long.parseLong(town.plane
                        .lab
                        .in(town.plane.host, "stat", "-c", "%b", file.toString())
                        .strip())
                * 512;
    }

    /** A copy that was made while nobody had it is as new as its source when somebody does. */
    @Test
    void aWarmVmKeepsCopyingFromItsNeighbourAndHasTheNewestRowRightAfterItIsAttached() throws IOException {
        var source = source();
        var copy = town.push("copy:1", copy());
        town.plane.send("POST", "/vms", wish("copy-1", copy, source).encode());
        Lab.await(() -> warm() != null);
        var vm = warm();

        town.plane.ask(source, "/cgi-bin/add?one");
        Lab.await(() -> town.plane.ask(vm.getString("address"), "/rows").contains("one"));
        assertThat(warm().getString("vm_id")).isEqualTo(vm.getString("vm_id"));
        town.plane.ask(source, "/cgi-bin/add?two");
        Lab.await(() -> town.plane.ask(vm.getString("address"), "/rows").contains("two"));
        var put = new JsonObject(
                town.plane.send("POST", "/vms", wish("copy-2", copy, source).encode()));

        assertThat(put.getJsonArray("instances").getJsonObject(0).getString("vm_id"))
                .isEqualTo(vm.getString("vm_id"));
        assertThat(town.plane.visit("copy-2", "/rows")).isEqualTo("one\ntwo");
        assertThat(town.plane.visit("copy-2", "/attached")).contains("\"job_id\":\"copy-2\"", "\"CITY\":\"copy-2\"");
    }

    /** The address of a VM to whose rows one can be added. */
    private String source() throws IOException {
        var image = Town.image("mkdir -p /www; touch /www/rows\nexec httpd -f -p 8080 -h /www\n")
                .layer(new TarBytes()
                        .folder("www")
                        .folder("www/cgi-bin")
                        .file("www/cgi-bin/add", 0755, """
                                #!/bin/busybox sh
                                echo "$QUERY_STRING" >>/www/rows
                                printf 'Content-Type: text/plain\\r\\n\\r\\nadded\\n'
                                """)
                        .tar());
        var spec = new JsonObject().put("image", town.push("source:1", image)).put("port", 8080);
        town.plane.send(
                "POST",
                "/vms",
                new JsonObject()
                        .put("job_id", "source")
                        .put("tenant", "red")
                        .put("spec", spec)
                        .encode());
        Lab.await(() -> town.plane.vmsOf("source").anyMatch(vm -> "running".equals(vm.getString("phase"))));
        return town.plane.vmsOf("source").findFirst().orElseThrow().getString("address");
    }

    /** Copies the rows of its source again and again, from the moment it is told to warm up. */
    private static dev.vmplane.image.PackedImage copy() throws IOException {
        return Town.image("exec httpd -f -p 8080 -h /www\n")
                .layer(new TarBytes()
                        .folder("www")
                        .folder("www/cgi-bin")
                        .file("www/index.html", "up\n")
                        .file("bin/follow", 0755, """
                                #!/bin/busybox sh
                                while true; do
                                    wget -q -O /tmp/rows "http://$SOURCE:8080/rows" && mv /tmp/rows /www/rows
                                    usleep 100000
                                done
                                """)
                        .file("www/cgi-bin/warm", 0755, """
                                #!/bin/busybox sh
                                [ -e /www/rows ] || /bin/follow </dev/null >/dev/null 2>&1 &
                                until [ -e /www/rows ]; do usleep 50000; done
                                printf 'Content-Type: text/plain\\r\\n\\r\\nwarm\\n'
                                """)
                        .file("www/cgi-bin/attach", 0755, """
                                #!/bin/busybox sh
                                head -c "$CONTENT_LENGTH" >/www/attached
                                printf 'Content-Type: text/plain\\r\\n\\r\\nattached\\n'
                                """)
                        .tar());
    }

    private static JsonObject wish(String jobId, String image, String source) {
        var hooks = new JsonObject();
        for (var name : List.of("warm", "attach")) {
            hooks.put(name, new JsonObject().put("http", "/cgi-bin/" + name).put("timeout_ms", 60_000));
        }
        return new JsonObject()
                .put("job_id", jobId)
                .put("tenant", "red")
                .put(
                        "spec",
                        new JsonObject()
                                .put("image", image)
                                .put("env", new JsonObject().put("SOURCE", source))
                                .put("port", 8080)
                                .put("health", new JsonObject().put("http", "/").put("grace_ms", 100_000))
                                .put("hooks", hooks)
                                .put("attach_env", new JsonObject().put("CITY", jobId))
                                .put("warm_pool", new JsonObject().put("min", 1).put("tenant", "red")));
    }

    private JsonObject warm() {
        return town.plane
                .instances()
                .filter(vm -> "warm".equals(vm.getString("phase")) && vm.getString("job_id") == null)
                .findFirst()
                .orElse(null);
    }
}
