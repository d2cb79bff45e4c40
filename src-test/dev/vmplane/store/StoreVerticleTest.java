package dev.vmplane.store;

import static dev.vmplane.store.StoreRig.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.Pictures;
import dev.vmplane.Specs;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Address.SteerJob;
import dev.vmplane.model.Event;
import dev.vmplane.model.Guard;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Spec;
import dev.vmplane.model.States;
import dev.vmplane.model.VolumeKey;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store on a real file: what an answer promises, and what stays true when the file gives trouble. */
class StoreVerticleTest {
    private static final PageQuery EVERYTHING = new PageQuery(null, null, 100);
    private static final Spec SPEC = Specs.service("red", 1, 2);
    private static final int MAX_WAITING = 20_000;

    @TempDir
    Path dir;

    private StoreRig store;

    @BeforeEach
    void open() {
        store = new StoreRig(dir.resolve("state"));
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    @Test
    void everyCommitIsTimedAndEveryWriteInItCounted() {
        var writes = IntStream.range(0, 50)
                .mapToObj(n -> store.wish("web-" + n, SPEC))
                .toList();
        Await.of(Future.all(writes));

        var commits = store.meters.get("vmplane.store.commit").timer().count();
        var batches = store.meters.get("vmplane.store.batch").summary();
        assertThat(commits).isBetween(1L, 50L).isEqualTo(batches.count());
        assertThat(batches.totalAmount()).isEqualTo(50);
        assertThat(store.meters.get("vmplane.store.queue").gauge().value()).isZero();
    }

    @Test
    void whatWasAnsweredIsThereAfterAPowerCut() throws IOException {
        Await.of(store.wish("web", SPEC));
        Await.of(store.place("web"));
        Await.of(store.ask(Address.STORE_INTEND, Books.warming("red", 2)));
        failed("vm-1");
        warmed("vm-2");

        var disk = store.copyOfTheDisk(dir.resolve("after"));

        try (var after = new StoreRig(disk)) {
            assertThat(after.jobs()).isEqualTo(store.jobs());
            assertThat(after.job("web").retries()).hasSize(1);
            assertThat(after.vms()).hasSize(3).isEqualTo(store.vms());
            assertThat(after.seq()).isEqualTo(store.seq());
            assertThat(after.log()).extracting(Event::seq).isEqualTo(upTo(store.seq()));
        }
    }

    @Test
    void whatAJobWasSteeredToOutlivesAPowerCut() throws IOException {
        Await.of(store.wish("web", SPEC));
        Await.of(store.wish("db", SPEC));
        Await.of(store.ask(Address.STORE_JOB_STEER, new SteerJob("web", null, SteerJob.Way.STOP, Guard.NONE)));
        Await.of(store.ask(Address.STORE_JOB_STEER, new SteerJob("db", null, SteerJob.Way.RESTART, Guard.NONE)));

        try (var after = new StoreRig(store.copyOfTheDisk(dir.resolve("after")))) {
            assertThat(after.jobs()).isEqualTo(store.jobs());
            assertThat(after.job("web").job().run()).isFalse();
            assertThat(after.job("db").job().restarted()).isEqualTo(2);
        }
    }

    @Test
    void aVolumeIsWithItsVmAfterAPowerCut() throws IOException {
        Await.of(store.wish("db", Specs.withVolumes(Specs.service("red", 0, 0), "data", "logs")));
        Await.of(store.place("db"));
        var before = Await.of(store.ask(Address.STORE_VOLUME_LIST, EVERYTHING)).items();

        try (var after = new StoreRig(store.copyOfTheDisk(dir.resolve("after")))) {
            assertThat(Await.of(after.ask(Address.STORE_VOLUME_LIST, EVERYTHING))
                            .items())
                    .isEqualTo(before)
                    .hasSize(2)
                    .allSatisfy(view -> assertThat(view.holder().vmId()).isEqualTo("vm-3"));
            assertThat(after.vms()).isEqualTo(store.vms());
        }
    }

    @Test
    void aVolumeThatIsGoneIsGoneFromTheDisk() throws IOException {
        Await.of(store.wish("db", Specs.withVolumes(Specs.service("red", 0, 0), "data")));
        Await.of(store.ask(Address.STORE_JOB_DELETE, new DeleteJob("db", null)));
        var data = new VolumeKey(Books.TENANT, "data");
        var going = Await.of(store.ask(Address.STORE_VOLUME_DELETE, data)).volume();
        try (var between = new StoreRig(store.copyOfTheDisk(dir.resolve("between")))) {
            assertThat(Await.of(between.ask(Address.STORE_VOLUME_GET, data)).volume())
                    .isEqualTo(going);
        }

        Await.of(store.ask(Address.STORE_VOLUME_REMOVED, going));

        try (var after = new StoreRig(store.copyOfTheDisk(dir.resolve("after")))) {
            assertThat(StoreRig.refusal(after.ask(Address.STORE_VOLUME_GET, data))
                            .code())
                    .isEqualTo("volume_not_found");
        }
    }

    @Test
    void anImageIsAsFarAsItWasAfterAPowerCut() throws IOException {
        var ready = Pictures.digest('a');
        var failed = Pictures.digest('b');
        Await.of(store.ask(Address.STORE_IMAGE_PUT, Pictures.put(ready, "localhost/app:1")));
        Await.of(store.ask(Address.STORE_IMAGE_PUT, Pictures.put(failed, "localhost/app:2")));
        Await.of(store.ask(Address.STORE_IMAGE_PUT, Pictures.put(failed, "localhost/app:3")));
        Await.of(store.ask(Address.STORE_IMAGE_MOVED, Pictures.ready(ready)));
        Await.of(store.ask(Address.STORE_IMAGE_MOVED, Pictures.failed(failed, "the registry is closed")));
        Await.of(store.wish("web", Specs.withImage(SPEC, Pictures.pinned(ready))));
        var before = Await.of(store.ask(Address.STORE_IMAGE_LIST, EVERYTHING)).items();

        try (var after = new StoreRig(store.copyOfTheDisk(dir.resolve("after")))) {
            assertThat(Await.of(after.ask(Address.STORE_IMAGE_LIST, EVERYTHING)).items())
                    .isEqualTo(before)
                    .hasSize(2);
            assertThat(Await.of(after.ask(Address.STORE_IMAGE_GET, "localhost/app:3"))
                            .image()
                            .digest())
                    .isEqualTo(failed);
            assertThat(Await.of(after.ask(Address.STORE_IMAGE_GET, ready)).jobs())
                    .containsExactly("web");
            assertThat(after.job("web").image()).isEqualTo(before.get(0).image());
        }
    }

    @Test
    void anImageThatIsGoneIsGoneFromTheDisk() throws IOException {
        var digest = Pictures.digest('a');
        Await.of(store.ask(Address.STORE_IMAGE_PUT, Pictures.put(digest, "localhost/app:1")));
        Await.of(store.ask(Address.STORE_IMAGE_UNTAG, "localhost/app:1"));
        Await.of(store.ask(Address.STORE_IMAGE_DELETE, digest));

        Await.of(store.ask(Address.STORE_IMAGE_REMOVED, digest));

        try (var after = new StoreRig(store.copyOfTheDisk(dir.resolve("after")))) {
            assertThat(refusal(after.ask(Address.STORE_IMAGE_GET, digest)).code())
                    .isEqualTo("image_not_found");
        }
    }

    @Test
    void anotherLifeOfTheStoreGoesOnWithTheNextNumber() throws IOException {
        Await.of(store.wish("web", SPEC));

        try (var after = new StoreRig(store.copyOfTheDisk(dir.resolve("after")))) {
            assertThat(Await.of(after.wish("other", SPEC)).seq()).isEqualTo(2);
        }
    }

    @Test
    void aJobThatIsDeletedAndTakenByAnotherTenantInOneCommitIsTheirsOnTheDiskToo() throws Exception {
        Await.of(store.wish("web", SPEC));
        Future<?> taken;
        try (var held = store.holdingTheWriteLock()) {
            store.wish("first-in-line", SPEC);
            store.ask(Address.STORE_JOB_DELETE, new DeleteJob("web", null));
            taken = store.wish("web", "rival", SPEC);
            store.seq();
        }
        Await.of(taken);

        try (var after = new StoreRig(store.copyOfTheDisk(dir.resolve("after")))) {
            assertThat(after.job("web").job()).isEqualTo(store.job("web").job());
            assertThat(after.job("web").job().tenant()).isEqualTo("rival");
        }
    }

    @Test
    void writesThatCameWhileACommitWasUnderWayShareTheNext() throws SQLException {
        List<Future<Address.PutAnswer>> answers;
        try (var held = store.holdingTheWriteLock()) {
            answers = IntStream.range(0, 100)
                    .mapToObj(n -> store.wish("web-" + n, SPEC))
                    .toList();
            store.seq();
        }
        answers.forEach(Await::of);

        assertThat(store.commits(2)).extracting(List::size).containsExactly(1, 99);
        assertThat(store.log()).extracting(Event::seq).isEqualTo(upTo(100));
        assertThat(answers).extracting(answer -> Await.of(answer).seq()).isEqualTo(upTo(100));
    }

    @Test
    void aWriteThatIsRefusedLeavesTheOthersOfItsCommit() throws SQLException {
        Await.of(store.wish("web", SPEC));
        Future<?> refused;
        Future<?> last;
        try (var held = store.holdingTheWriteLock()) {
            store.wish("first-in-line", SPEC);
            store.wish("one", SPEC);
            refused = store.wish("web", "rival", SPEC);
            last = store.wish("two", SPEC);
            store.seq();
        }
        Await.of(last);

        assertThat(refusal(refused).code()).isEqualTo("job_id_taken");
        assertThat(store.commits(3)).containsExactly(List.of("web"), List.of("first-in-line"), List.of("one", "two"));
        assertThat(store.log()).extracting(Event::seq).isEqualTo(upTo(4));
    }

    @Test
    void aWriteThatIsADefectFailsAloneAmongOthers() throws SQLException {
        Await.of(store.wish("web", SPEC));
        Future<?> defect;
        Future<?> last;
        store.idsFail.set(true);
        try (var held = store.holdingTheWriteLock()) {
            store.wish("first-in-line", SPEC);
            store.wish("one", SPEC);
            defect = store.place("web");
            last = store.wish("two", SPEC);
            store.seq();
        }
        Await.of(last);

        assertThat(refusal(defect).code()).isEqualTo("internal");
        assertThat(store.jobs())
                .extracting(view -> view.job().jobId())
                .containsExactly("first-in-line", "one", "two", "web");
        assertThat(store.log()).extracting(Event::seq).isEqualTo(upTo(4));
    }

    @Test
    void afterAWriteThatWasADefectTheNextIsTaken() {
        Await.of(store.wish("web", SPEC));
        store.idsFail.set(true);

        var defect = refusal(store.place("web"));
        var next = Await.of(store.wish("other", SPEC));

        assertThat(defect.code()).isEqualTo("internal");
        assertThat(next.created()).isTrue();
    }

    @Test
    void aCommitThatFailsChangesNothingAndIsAnsweredSo() throws SQLException {
        Await.of(store.wish("web", SPEC));
        store.sql("create trigger full before insert on event begin select raise(abort, 'disk is full'); end");

        var refusal = refusal(store.wish("web", Specs.service("blue", 0, 0)));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.UNAVAILABLE);
        assertThat(refusal.code()).isEqualTo("store_failed");
        assertThat(store.job("web").job().generation()).isEqualTo(1);
        assertThat(store.seq()).isEqualTo(1);
        assertThat(store.commits(1)).containsExactly(List.of("web"));
    }

    @Test
    void aStoreWhoseCommitFailedGoesOnOnceTheFileIsMended() throws SQLException {
        store.sql("create trigger full before insert on event begin select raise(abort, 'disk is full'); end");
        refusal(store.wish("web", SPEC));

        store.sql("drop trigger full");
        var answer = Await.of(store.wish("web", SPEC));

        assertThat(answer.created()).isTrue();
        assertThat(store.log()).extracting(Event::seq).isEqualTo(upTo(1));
    }

    @Test
    void aWriteWhoseFateIsUnknownIsNotAnsweredBeforeTheFileCanBeRead() throws SQLException {
        Await.of(store.wish("web", SPEC));
        var alarms = store.time.pending();
        store.sql("alter table event rename to gone");

        var answer = store.wish("web", Specs.service("blue", 0, 0));
        Await.until(alarms + 1, () -> Future.succeededFuture(store.time.pending()));
        var early = answer.isComplete();
        store.sql("alter table gone rename to event");
        store.time.advance(Duration.ofSeconds(1));

        assertThat(early).isFalse();
        assertThat(refusal(answer).code()).isEqualTo("store_failed");
        assertThat(store.job("web").job().generation()).isEqualTo(1);
    }

    @Test
    void moreWritesThanMayWaitAreRefusedAsBusy() throws SQLException {
        Future<?> last = null;
        Future<?> tooMany;
        try (var held = store.holdingTheWriteLock()) {
            store.wish("first-in-line", SPEC);
            for (var n = 0; n < MAX_WAITING; n++) {
                last = store.ask(Address.STORE_INSTANCE_RELEASED, "vm-nobody");
            }
            tooMany = store.ask(Address.STORE_INSTANCE_RELEASED, "vm-nobody");
            store.seq();
        }

        assertThat(refusal(tooMany).kind()).isEqualTo(Refusal.Kind.BUSY);
        assertThat(Await.of(last)).isEqualTo(1L);
    }

    private void failed(String vmId) {
        moved(vmId, Phase.PENDING, Phase.FAILED);
    }

    private void warmed(String vmId) {
        moved(vmId, Phase.PENDING, Phase.STARTING);
        moved(vmId, Phase.STARTING, Phase.BOOTING);
        moved(vmId, Phase.BOOTING, Phase.WARMING);
        moved(vmId, Phase.WARMING, Phase.WARM);
    }

    private void moved(String vmId, Phase from, Phase to) {
        Await.of(store.ask(Address.STORE_INSTANCE_MOVED, new Moved(vmId, from, States.of(to, store.time.now()))));
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }
}
