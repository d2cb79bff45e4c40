package dev.vmplane.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.ManualTime;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.LoadImage;
import dev.vmplane.bus.Address.LookUp;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.store.Addresses;
import dev.vmplane.store.DatabaseFile;
import dev.vmplane.store.Rules;
import dev.vmplane.store.StoreVerticle;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images between the real store, the real tools and a real registry. */
class ImageVerticleTest {
    private static final PageQuery EVERYTHING = new PageQuery(null, null, 100);

    private static RegistryServer registry;

    @TempDir
    private Path home;

    private final Vertx vertx = Vertx.vertx();
    private final Bus bus = new Bus(vertx);
    private final ManualTime time = new ManualTime();
    private DatabaseFile database;
    private ImageFiles files;
    private String path = System.getenv("PATH");
    private ImageSettings settings;

    @BeforeAll
    static void startRegistry(@TempDir Path home) throws IOException {
        registry = RegistryServer.start(home);
    }

    @AfterAll
    static void stopRegistry() {
        registry.close();
    }

    @BeforeEach
    void startStore() {
        database = DatabaseFile.open(home.resolve("state"), "simulator");
        var backoff = new Backoff(Duration.ofSeconds(10), Duration.ofSeconds(300), Duration.ofSeconds(600));
        var rules = new Rules(
                "here", backoff, Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofMinutes(10), 1000);
        Await.of(vertx.deployVerticle(
                new StoreVerticle(database.path(), new Addresses("127.64.0.0/24"), rules, time, () -> "vm-1")));
        files = new ImageFiles(home.resolve("images"), "db");
        settings = PullRig.settings(registry);
    }

    @AfterEach
    void stop() throws IOException {
        Await.of(vertx.close());
        database.close();
    }

    @Test
    void whatIsAskedForForTheFirstTimeIsLookedUpAndFetched() throws IOException {
        deploy("db");
        var reference = push("first:1", "x");

        var pinned = lookUp(reference);

        assertThat(pinned.reference()).startsWith(reference + "@sha256:");
        assertThat(pinned.config().cmd()).containsExactly("/app");
        untilState(pinned.digest(), Image.State.READY);
        var image = row(pinned.digest()).get().image();
        assertThat(image.references()).containsExactly(reference);
        assertThat(image.bytes()).isPositive();
        assertThat(image.progress().bytes()).isEqualTo(image.progress().of());
        assertThat(new Ext4(files.rootfs(pinned.digest())).content("/app")).isEqualTo("x");
    }

    @Test
    void whatIsKnownIsAskedOfNobody() throws IOException {
        deploy("db");
        var reference = push("known:1", "x");
        var pinned = lookUp(reference);
        untilState(pinned.digest(), Image.State.READY);
        Files.delete(registry.stored(pinned.digest()));

        assertThat(lookUp(reference)).isEqualTo(pinned);
        assertThat(lookUp(pinned.reference())).isEqualTo(pinned);
        assertThat(refusal(new LookUp(reference, true)).code()).isEqualTo("image_unknown");
    }

    @Test
    void aTagThatHasMovedIsFoundOutWhenSomebodyAsks() throws IOException {
        deploy("db");
        var reference = push("moved:1", "old");
        var old = lookUp(reference);
        push("moved:1", "new");

        var stale = lookUp(reference);
        var fresh = Await.of(bus.ask(Address.IMAGE_LOOK_UP, new LookUp(reference, true)));

        assertThat(stale).isEqualTo(old);
        assertThat(fresh.digest()).isNotEqualTo(old.digest());
        assertThat(lookUp(reference)).isEqualTo(fresh);
        assertThat(row(old.digest()).get().image().references()).isEmpty();
    }

    @Test
    void whatIsWrongIsSaidWithTheReferenceAndMakesNoRow() {
        deploy("db");

        var unknown = refusal(new LookUp(registry.name() + "/nowhere:1", false));
        var local = refusal(new LookUp("localhost/nowhere:1", false));
        var malformed = refusal(new LookUp("No", false));

        assertThat(unknown.message())
                .isEqualTo("image " + registry.name()
                        + "/nowhere:1 cannot be had: there is no such image in its registry");
        assertThat(local.message())
                .isEqualTo("image localhost/nowhere:1 cannot be had: it is not on this host: load it, or build it");
        assertThat(malformed.code()).isEqualTo("bad_image_reference");
        assertThat(rows()).isEmpty();
    }

    @Test
    void whatCannotBeFetchedIsTriedAgainWhenItIsTime() throws IOException {
        deploy("db");
        var reference = push("mended:1", "x");
        var layer = layer("x");
        var stored = Files.readAllBytes(registry.stored(layer));
        Files.write(registry.stored(layer), new byte[] {1, 2, 3});
        var pinned = lookUp(reference);
        untilState(pinned.digest(), Image.State.FAILED);
        assertThat(row(pinned.digest()).get().image().trouble()).contains("something else than its digest says");
        Files.write(registry.stored(layer), stored);

        time.advance(Duration.ofSeconds(10));

        untilState(pinned.digest(), Image.State.READY);
        assertThat(row(pinned.digest()).get().image().failures()).isZero();
    }

    @Test
    void whatCannotBeFetchedIsTriedAgainWhenSomebodyAsks() throws IOException {
        deploy("db");
        var reference = push("asked:1", "y");
        var layer = layer("y");
        var stored = Files.readAllBytes(registry.stored(layer));
        Files.write(registry.stored(layer), new byte[] {1, 2, 3});
        var digest = lookUp(reference).digest();
        untilState(digest, Image.State.FAILED);
        Files.write(registry.stored(layer), stored);

        lookUp(reference);

        untilState(digest, Image.State.READY);
    }

    @Test
    void whatIsDeletedLeavesNothing() throws IOException {
        deploy("db");
        var digest = fetched("deleted:1", "x");

        Await.of(bus.ask(Address.STORE_IMAGE_DELETE, digest));

        Await.until(List.of(), () -> Future.succeededFuture(rows()));
        assertThat(files.rooted()).isEmpty();
        Await.until(List.of(), this::contents);
    }

    @Test
    void whatIsDeletedWhileItIsFetchedIsFetchedNoFurther() throws Exception {
        var started = home.resolve("started");
        path = slowCopies("echo $$ >" + started + ".tmp; mv " + started + ".tmp " + started + "; exec sleep 600");
        deploy("db");
        var digest = lookUp(push("unwanted:1", "x")).digest();
        Await.until(true, () -> Future.succeededFuture(Files.exists(started)));
        var copier = ProcessHandle.of(Long.parseLong(Files.readString(started).strip()));

        Await.of(bus.ask(Address.STORE_IMAGE_DELETE, digest));

        Await.until(List.of(), () -> Future.succeededFuture(rows()));
        assertThat(copier.filter(ProcessHandle::isAlive)).isEmpty();
        assertThat(ImageFiles.entries(files.work())).isEmpty();
    }

    @Test
    void howFarItIsCanBeSeen() throws Exception {
        var go = home.resolve("go");
        path = slowCopies("mkdir -p fetched; printf 123 >fetched/oci-put-blob1; while [ ! -e " + go
                + " ]; do :; done; rm -r fetched; exec /usr/bin/skopeo \"$@\"");
        deploy("db");
        var digest = lookUp(push("slow:1", "x")).digest();

        Await.until(3L, () -> {
            time.advance(Duration.ofSeconds(1));
            return Future.succeededFuture(row(digest).get().image().progress().bytes());
        });
        Files.createFile(go);

        untilState(digest, Image.State.READY);
    }

    @Test
    void whatIsGoneAtAStartIsMadeAgain() throws IOException {
        var first = deploy("db");
        var digest = fetched("gone:1", "x");
        Await.of(vertx.undeploy(first));
        Files.delete(files.rootfs(digest));

        deploy("db");

        Await.until(true, () -> Future.succeededFuture(Files.exists(files.rootfs(digest))));
        untilState(digest, Image.State.READY);
    }

    @Test
    void whatHasNoRowAtAStartIsRemoved() throws IOException {
        files.prepare();
        Files.writeString(files.rootfs("sha256:" + "a".repeat(64)), "stray");
        Files.writeString(files.content("sha256:" + "b".repeat(64)), "stray");
        Files.createDirectory(files.work().resolve("stray"));

        deploy("db");

        Await.until(List.of(), this::contents);
        assertThat(files.rooted()).isEmpty();
        assertThat(ImageFiles.entries(files.work())).isEmpty();
    }

    @Test
    void imagesOfAnotherDatabaseAreLeftAsTheyAre() throws IOException {
        new ImageFiles(home.resolve("images"), "another").prepare();
        Files.writeString(files.rootfs("sha256:" + "a".repeat(64)), "theirs");
        Files.createDirectory(files.work().resolve("theirs"));

        deploy("db");
        fetched("beside:1", "x");

        assertThat(files.rooted()).hasSize(2);
        assertThat(files.work().resolve("theirs")).isDirectory();
    }

    @Test
    void aCleanUpEndsWhatNobodyUses() throws IOException {
        deploy("db");
        var one = fetched("pruned:1", "1");
        var two = fetched("pruned:2", "2");

        var pruned = Await.of(bus.ask(Address.IMAGE_PRUNE, Nothing.NOTHING));

        assertThat(pruned.digests()).containsExactlyInAnyOrder(one, two);
        assertThat(pruned.bytes()).isPositive();
        Await.until(List.of(), () -> Future.succeededFuture(rows()));
    }

    @Test
    void whenTheRoomIsUsedUpTheOldestGo() throws IOException {
        settings = new ImageSettings(
                2,
                settings.pullLimit(),
                settings.maxBytes(),
                settings.maxUnpackedBytes(),
                settings.maxFiles(),
                1,
                null,
                List.of(),
                settings.plainHttp(),
                settings.uidBase());
        deploy("db");
        var old = fetched("budget:1", "1");
        time.advance(Duration.ofSeconds(1));

        var young = lookUp(push("budget:2", "2")).digest();

        Await.until(Optional.empty(), () -> Future.succeededFuture(row(old)));
        untilState(young, Image.State.READY);
    }

    @Test
    void whatSomebodySendsIsLoadedUnderItsName() throws IOException {
        deploy("db");
        files.prepare();
        var layout = image("sent").writeTo(home.resolve("sent"));
        var file = files.incoming().resolve("upload");
        RegistryServer.run("skopeo", "copy", "-q", "oci:" + layout + ":" + PackedImage.TAG, "oci-archive:" + file);

        var image = Await.of(bus.ask(Address.IMAGE_LOAD, new LoadImage("localhost/app:1", "upload", null)));

        untilState(image.digest(), Image.State.READY);
        assertThat(lookUp("localhost/app:1").digest()).isEqualTo(image.digest());
        assertThat(file).doesNotExist();
    }

    @Test
    void whatIsNoImageIsNotLoadedAndNotKept() throws IOException {
        deploy("db");
        files.prepare();
        var file = Files.writeString(files.incoming().resolve("upload"), "nothing of the kind".repeat(100));

        var refused = refused(bus.ask(Address.IMAGE_LOAD, new LoadImage("localhost/app:1", "upload", null)));

        assertThat(refused.message()).startsWith("image localhost/app:1 cannot be had: a tar archive");
        assertThat(file).doesNotExist();
    }

    private String deploy(String databaseId) {
        return Await.of(
                vertx.deployVerticle(new ImageVerticle(home.resolve("images"), databaseId, settings, path, time)));
    }

    /** The programs of this host, but a skopeo whose copies are made by {@code script}. */
    private String slowCopies(String script) throws IOException {
        var programs = Files.createDirectory(home.resolve("programs"));
        var skopeo = Files.writeString(
                programs.resolve("skopeo"),
                "#!/bin/sh\ncase \" $* \" in *' copy '*) " + script + " ;; *) exec /usr/bin/skopeo \"$@\" ;; esac\n");
        assertThat(skopeo.toFile().setExecutable(true)).isTrue();
        return programs + ":" + path;
    }

    private String fetched(String name, String content) throws IOException {
        var digest = lookUp(push(name, content)).digest();
        untilState(digest, Image.State.READY);
        return digest;
    }

    private PinnedImage lookUp(String reference) {
        return Await.of(bus.ask(Address.IMAGE_LOOK_UP, new LookUp(reference, false)));
    }

    private Refusal refusal(LookUp lookUp) {
        return refused(bus.ask(Address.IMAGE_LOOK_UP, lookUp));
    }

    private static Refusal refused(Future<?> answer) {
        return ((RefusedException) Await.failureOf(answer)).refusal();
    }

    private void untilState(String digest, Image.State state) {
        Await.until(
                state, () -> Future.succeededFuture(row(digest).get().image().state()));
    }

    private Optional<ImageView> row(String digest) {
        return rows().stream()
                .filter(view -> view.image().digest().equals(digest))
                .findFirst();
    }

    private List<ImageView> rows() {
        return Await.of(bus.ask(Address.STORE_IMAGE_LIST, EVERYTHING)).items();
    }

    private Future<List<String>> contents() {
        try {
            return Future.succeededFuture(ImageFiles.entries(files.contents()));
        } catch (IOException failure) {
            return Future.failedFuture(failure);
        }
    }

    private static byte[] tar(String content) {
        return new TarBytes().file("app", 0755, content).tar();
    }

    private static String layer(String content) {
        return Manifest.digestOf(TarBytes.gzip(tar(content)));
    }

    private static PackedImage image(String content) {
        return new PackedImage().layer(tar(content)).says("Cmd", List.of("/app"));
    }

    private String push(String name, String content) throws IOException {
        var layout = image(content).writeTo(home.resolve("layout-" + name.hashCode() + "-" + content));
        return registry.push(layout, PackedImage.TAG, name);
    }
}
