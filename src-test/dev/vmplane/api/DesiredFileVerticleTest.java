package dev.vmplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.vmplane.ManualTime;
import dev.vmplane.Pictures;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Brake;
import dev.vmplane.model.DesiredVm.Source;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Time;
import dev.vmplane.model.Wish;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.junit5.VertxExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Each line of the file is a job and its program; a line of question marks is a mistake. */
@ExtendWith(VertxExtension.class)
class DesiredFileVerticleTest {
    private static final Logger LOG = (Logger) LoggerFactory.getLogger(DesiredFileVerticle.class);

    private final ManualTime time = new ManualTime();
    private final Semaphore looksEnded = new Semaphore(0);
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

    private final AtomicInteger timesRead = new AtomicInteger();

    /** Which jobs ask for images. */
    private Map<String, String> images = Map.of();

    private Vertx vertx;
    private Path file;
    private JobTable store;

    @BeforeEach
    void prepare(Vertx vertx, @TempDir Path directory) {
        this.vertx = vertx;
        file = directory.resolve("desired-vms.yaml");
        store = JobTable.answering(vertx);
        logged.start();
        LOG.addAppender(logged);
    }

    @AfterEach
    void forgetTheLog() {
        LOG.detachAppender(logged);
    }

    @Test
    void whatTheFileDeclaresIsAskedForAtStart() throws Exception {
        write("a /x\nb /y\n");

        deploy();

        assertThat(store.jobs()).containsOnlyKeys("a", "b");
        assertThat(store.jobs().get("a")).isEqualTo(FileJobs.row("a", "a", FileJobs.spec("/x"), Source.FILE));
    }

    @Test
    void aChangeIsFollowed() throws Exception {
        store.hold(FileJobs.row("of-the-api", "t", FileJobs.spec("/x"), Source.API));
        write("a /x\nb /y\nc /z\n");
        deploy();
        write("a /x\nb /new\n");

        nextLook();

        assertThat(store.writes()).containsExactly("put a", "put b", "put c", "delete c of c", "put b");
        assertThat(store.jobs()).containsOnlyKeys("a", "b", "of-the-api");
    }

    @Test
    void whenTheFileDidNotChangeNobodyIsAsked() throws Exception {
        write("a /x\n");
        deploy();

        nextLook();
        nextLook();

        assertThat(store.lists()).isEqualTo(1);
    }

    @Test
    void afterARestartOnlyDifferencesAreWritten() throws Exception {
        store.hold(FileJobs.row("a", "a", FileJobs.spec("/x"), Source.FILE));
        store.hold(FileJobs.row("gone", "gone", FileJobs.spec("/x"), Source.FILE));
        write("a /x\n");

        deploy();

        assertThat(store.writes()).containsExactly("delete gone of gone");
    }

    @Test
    void aMissingFileAtStartDeletesNothing() {
        store.hold(FileJobs.row("a", "a", FileJobs.spec("/x"), Source.FILE));

        deploy();

        assertThat(store.writes()).isEmpty();
        assertThat(complaints()).containsExactly("the desired file cannot be read: there is no such file");
    }

    @Test
    void aFileThatVanishesDeletesNothingAndIsComplainedOfOnce() throws Exception {
        write("a /x\n");
        deploy();
        Files.delete(file);

        nextLook();
        nextLook();

        assertThat(store.jobs()).containsOnlyKeys("a");
        assertThat(complaints()).hasSize(1);
    }

    @Test
    void aMistakeChangesNothingAndIsComplainedOfOnceWithItsPlace() throws Exception {
        write("a /x\nb /y\n");
        deploy();
        write("a /x\n??\n");

        nextLook();
        nextLook();

        assertThat(store.jobs()).containsOnlyKeys("a", "b");
        assertThat(complaints()).containsExactly("line 2: ??");
    }

    @Test
    void aMistakeIsNotReadAgainBeforeTheFileChanges() throws Exception {
        write("??\n");
        deploy();

        nextLook();
        nextLook();

        assertThat(timesRead).hasValue(1);
    }

    @Test
    void aMendedMistakeIsFollowed() throws Exception {
        write("??\n");
        deploy();
        write("a /x\n");

        nextLook();

        assertThat(store.jobs()).containsOnlyKeys("a");
    }

    @Test
    void aFileThatIsNoFileIsNotRead() throws Exception {
        Files.createDirectory(file);

        deploy();

        assertThat(complaints()).containsExactly("the desired file cannot be read: it is not a regular file");
    }

    @Test
    void aFileThatIsTooLongIsNotRead() throws Exception {
        write("a".repeat((1 << 20) + 1));

        deploy();

        assertThat(complaints())
                .containsExactly("the desired file cannot be read: it has 1048577 bytes, more than 1048576");
    }

    @Test
    void aFileThatIsBeingWrittenWaitsUntilItIsQuiet() throws Exception {
        write("a /x\nb /y\n");
        deploy();
        writeInPlace("a /x\n", time.now().plusSeconds(2));

        nextLook();
        var halfWritten = store.jobs();
        writeInPlace("a /x\nb /y\nc /z\n", time.now().plusSeconds(2));
        nextLook();
        nextLook();

        assertThat(halfWritten).containsOnlyKeys("a", "b");
        assertThat(store.jobs()).containsOnlyKeys("a", "b", "c");
        assertThat(store.writes()).noneMatch(write -> write.startsWith("delete"));
    }

    @Test
    void aJobOfTheApiIsLeftAloneAndComplainedOfOnce() throws Exception {
        store.hold(FileJobs.row("a", "t", FileJobs.spec("/of-the-api"), Source.API));
        write("a /x\n");
        deploy();
        write("a /x\nb /y\n");

        nextLook();

        assertThat(store.jobs().get("a").spec()).isEqualTo(FileJobs.spec("/of-the-api"));
        assertThat(store.jobs()).containsOnlyKeys("a", "b");
        assertThat(complaints()).containsExactly("job a cannot follow the file: it belongs to the API");
    }

    @Test
    void aRefusedJobDoesNotHoldUpTheOthersAndIsNotTriedAgain() throws Exception {
        store.refuse("a", Refusal.Kind.INVALID);
        write("a /x\nb /y\n");
        deploy();

        nextLook();

        assertThat(store.writes()).containsExactly("put a", "put b");
        assertThat(complaints()).containsExactly("job a cannot be put: the test says so");
    }

    @Test
    void whatTheStoreCouldNotTakeIsTriedAgainAndNothingElse() throws Exception {
        store.refuse("a", Refusal.Kind.BUSY);
        write("a /x\nb /y\n");
        deploy();
        store.refuseNothing();

        nextLook();

        assertThat(store.writes()).containsExactly("put a", "put b", "put a");
        assertThat(store.jobs()).containsOnlyKeys("a", "b");
    }

    @Test
    void aJobWhoseImageCannotBeLookedUpStaysAndHoldsNobodyUp() throws Exception {
        var registry = new AtomicReference<>(Refusal.Kind.UNAVAILABLE);
        new Bus(vertx)
                .answer(
                        Address.IMAGE_LOOK_UP,
                        asked -> registry.get() == null
                                ? Future.succeededFuture(new PinnedImage(asked.reference(), Pictures.CONFIG))
                                : Future.failedFuture(new Refusal(registry.get(), "away", null, "the registry is away")
                                        .asException()))
                .await();
        store.hold(FileJobs.row("a", "a", FileJobs.spec("/x"), Source.FILE));
        images = Map.of("a", "nginx:1");
        write("a /new\nb /y\n");

        deploy();
        var whileAway = store.writes();
        registry.set(null);
        nextLook();

        assertThat(whileAway).containsExactly("put b");
        assertThat(store.writes()).containsExactly("put b", "put a");
        assertThat(complaints()).containsExactly("the registry is away");
    }

    @Test
    void manyMoreJobsThanFitOnePageAreFollowed() throws Exception {
        var lines = new StringBuilder();
        for (int job = 0; job < 1200; job++) {
            lines.append("job-").append(job).append(" /x\n");
        }
        write(lines.toString());
        deploy();
        write("job-1199 /x\n");

        nextLook();

        assertThat(store.jobs()).containsOnlyKeys("job-1199");
    }

    private void deploy() {
        vertx.deployVerticle(new DesiredFileVerticle(file, this::draft, new Brake(50, 5), signallingTime()))
                .await();
        awaitLook();
    }

    private void nextLook() {
        time.advance(Duration.ofSeconds(2));
        awaitLook();
    }

    private void awaitLook() {
        try {
            assertThat(looksEnded.tryAcquire(20, TimeUnit.SECONDS))
                    .as("a look ended")
                    .isTrue();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** A look has ended when the alarm for the next one is set. */
    private Time signallingTime() {
        return new Time() {
            @Override
            public Instant now() {
                return time.now();
            }

            @Override
            public Alarm after(Duration delay, Runnable task) {
                var alarm = time.after(delay, task);
                looksEnded.release();
                return alarm;
            }
        };
    }

    /** Replaces the file, as careful editors do; the new one has been quiet for a while. */
    private void write(String text) throws IOException {
        var draft = Files.writeString(file.resolveSibling("draft"), text);
        Files.setLastModifiedTime(draft, FileTime.from(time.now().minusSeconds(60)));
        Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING);
    }

    private void writeInPlace(String text, Instant at) throws IOException {
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.from(at));
    }

    private List<String> complaints() {
        return logged.list.stream()
                .filter(event -> event.getMessage().equals("desired file cannot be followed"))
                .flatMap(event -> event.getKeyValuePairs().stream())
                .filter(pair -> pair.key.equals("error"))
                .map(pair -> (String) pair.value)
                .toList();
    }

    private DesiredDraft draft(String text) {
        var wishes = parse(text);
        return new DesiredDraft() {
            @Override
            public Map<String, String> images() {
                return images;
            }

            @Override
            public List<Wish> wishes(Map<String, PinnedImage> pins) {
                return wishes.stream()
                        .filter(wish -> !images.containsKey(wish.jobId()) || pins.containsKey(wish.jobId()))
                        .toList();
            }
        };
    }

    private List<Wish> parse(String text) {
        timesRead.incrementAndGet();
        var wishes = new ArrayList<Wish>();
        for (var line : text.lines().toList()) {
            if (line.startsWith("?")) {
                var place = "line " + (wishes.size() + 1) + ": ";
                throw new Refusal(Refusal.Kind.BAD_INPUT, "mistake", null, place + line).asException();
            }
            var job = line.substring(0, line.indexOf(' '));
            wishes.add(FileJobs.wish(job, job, line.substring(job.length() + 1)));
        }
        return wishes;
    }
}
