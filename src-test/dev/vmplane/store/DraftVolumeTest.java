package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmplane.Specs;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Spec;
import dev.vmplane.model.VmState;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** When a volume comes into being, who has it, and when it may go. */
class DraftVolumeTest {
    private static final VolumeKey DATA = new VolumeKey(Books.TENANT, "data");

    private final Books books = new Books();

    @Test
    void theFirstWishThatNamesAVolumeMakesItsRow() {
        books.wish("db", withData("red"));

        assertThat(books.ledger.volume(DATA).sizeMib()).isEqualTo(64);
        assertThat(books.told()).containsExactly(EventType.JOB_CREATED, EventType.VOLUME_CREATED);
    }

    @Test
    void theNextWishThatNamesItFindsTheSame() {
        books.wish("db", withData("red"));
        var made = books.ledger.volume(DATA);

        books.wish("report", withData("blue"));

        assertThat(books.ledger.volume(DATA)).isEqualTo(made);
        assertThat(books.told()).containsExactly(EventType.JOB_CREATED);
    }

    @Test
    void twoTenantsHaveAVolumeOfOneNameEach() {
        books.wish("db", withData("red"));

        books.commit(draft -> draft.putJob(new PutJob("rival-db", "rival", withData("red"), DesiredVm.Source.API)));

        assertThat(books.ledger.volume(new VolumeKey("rival", "data")).id())
                .isNotEqualTo(books.ledger.volume(DATA).id());
    }

    @Test
    void anotherSizeIsRefusedAndBothAreNamed() {
        books.wish("db", withData("red"));

        var refusal = refused(draft ->
                draft.putJob(Books.put("db", Specs.withVolumes(Specs.service("red", 0, 0), 128, "data"))));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.CONFLICT);
        assertThat(refusal.code()).isEqualTo("volume_size_differs");
        assertThat(refusal.field()).isEqualTo("spec.volumes[0].size_mb");
        assertThat(refusal.message()).contains("64").contains("128");
    }

    @Test
    void aVmGetsItsVolumesWithItsRow() {
        books.wish("db", withData("red"));

        books.place("db", 0);

        var volume = books.ledger.volume(DATA);
        assertThat(books.vm("vm-new-2").volumeIds()).containsExactly(volume.id());
        assertThat(books.told()).containsExactly(EventType.VM_CREATED, EventType.VOLUME_ATTACHED);
        assertThat(books.ledger.view(volume).holder()).isEqualTo(books.vm("vm-new-2"));
    }

    @Test
    void aVolumeIsWithOneVmAtATime() {
        books.wish("db", withData("red"));
        books.wish("report", withData("blue"));
        books.place("db", 0);

        books.place("report", 0);

        assertThat(books.last).isEqualTo(Changes.NONE);
    }

    @Test
    void twoPlacesInOneTransactionDoNotShareAVolume() {
        books.wish("db", withData("red"));
        books.wish("report", withData("blue"));

        books.commit(draft -> {
            draft.intend(Books.placing("db", 0, 1));
            return draft.intend(Books.placing("report", 0, 1));
        });

        assertThat(books.ledger.vms()).hasSize(1);
    }

    @Test
    void allVolumesOfAVmAreFreeOrItGetsNone() {
        books.wish("db", Specs.withVolumes(Specs.service("red", 0, 0), "data", "logs"));
        books.wish("report", withData("blue"));
        books.place("report", 0);

        books.place("db", 0);

        assertThat(books.last).isEqualTo(Changes.NONE);
        assertThat(books.ledger.holder(
                        books.ledger.volume(new VolumeKey(Books.TENANT, "logs")).id()))
                .isNull();
    }

    @Test
    void anEndedVmKeepsItsVolumesUntilItIsReleased() {
        books.wish("db", withData("red"));
        books.place("db", 0);
        books.fail("vm-new-2");
        books.wish("report", withData("blue"));
        books.place("report", 0);
        assertThat(books.ledger.viewOf("report").instances()).isEmpty();

        books.commit(draft -> draft.released("vm-new-2"));
        assertThat(books.told()).containsExactly(EventType.VM_RELEASED, EventType.VOLUME_DETACHED);
        books.place("report", 0);

        assertThat(books.ledger.viewOf("report").instances()).hasSize(1);
    }

    @Test
    void aVolumeOutlivesItsJob() {
        books.wish("db", withData("red"));
        var made = books.ledger.volume(DATA);

        books.delete("db");
        books.wish("db-again", withData("blue"));

        assertThat(books.ledger.volume(DATA)).isEqualTo(made);
    }

    @Test
    void aVolumeThatAJobNamesIsNotDeleted() {
        books.wish("db", withData("red"));

        var refusal = refused(draft -> draft.deleteVolume(DATA));

        assertThat(refusal.code()).isEqualTo("volume_in_use");
        assertThat(refusal.message()).contains("job 'db' names it");
    }

    @Test
    void aVolumeThatAVmStillHasIsNotDeleted() {
        books.wish("db", withData("red"));
        books.place("db", 0);
        books.delete("db");

        var refusal = refused(draft -> draft.deleteVolume(DATA));

        assertThat(refusal.code()).isEqualTo("volume_in_use");
        assertThat(refusal.message()).contains("vm-new-2 still has it");
    }

    @Test
    void aVolumeThatIsToGoIsMarkedUntilItsFileIsGone() {
        var volume = leaving();

        assertThat(books.ledger.volume(DATA).deleting()).isTrue();
        assertThat(books.told()).containsExactly(EventType.VOLUME_DELETING);
        books.commit(draft -> draft.volumeRemoved(volume));

        assertThat(books.ledger.volume(DATA)).isNull();
        assertThat(books.told()).containsExactly(EventType.VOLUME_DELETED);
    }

    @Test
    void aVolumeThatIsToGoIsNotToBeHadAgain() {
        leaving();

        var refusal = refused(draft -> draft.putJob(Books.put("db", withData("red"))));

        assertThat(refusal.kind()).isEqualTo(Refusal.Kind.CONFLICT);
        assertThat(refusal.code()).isEqualTo("volume_deleting");
    }

    @Test
    void theEndOfAFormerVolumeIsNotTheEndOfItsNamesake() {
        var former = leaving();
        books.commit(draft -> draft.volumeRemoved(former));
        books.wish("db", withData("red"));

        books.commit(draft -> draft.volumeRemoved(former));

        assertThat(books.last).isEqualTo(Changes.NONE);
        assertThat(books.ledger.volume(DATA).id()).isNotEqualTo(former.id());
    }

    @Test
    void aVolumeNobodyMadeIsNotFound() {
        assertThat(refused(draft -> draft.deleteVolume(DATA)).kind()).isEqualTo(Refusal.Kind.NOT_FOUND);
    }

    @Test
    void aVmThatLeftHasNoVolumeLeft() {
        books.wish("db", withData("red"));
        books.place("db", 0);
        books.delete("db");
        var reason = new Reason(ReasonCode.DELETED, "gone");
        books.move("vm-new-2", new VmState.Stopped(books.now, reason, GuestExit.UNKNOWN));

        books.commit(draft -> draft.released("vm-new-2"));

        assertThat(books.ledger.view(books.ledger.volume(DATA)).holder()).isNull();
    }

    private Volume leaving() {
        books.wish("db", withData("red"));
        books.delete("db");
        return books.commit(draft -> draft.deleteVolume(DATA)).volume();
    }

    private static Spec withData(String colour) {
        return Specs.withVolumes(Specs.service(colour, 0, 0), "data");
    }

    private Refusal refused(Function<Draft, ?> operation) {
        var before = books.ledger.seq();
        var refusal = new Refusal[1];
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> books.commit(operation))
                .satisfies(thrown -> refusal[0] = thrown.refusal());
        assertThat(books.ledger.seq()).isEqualTo(before);
        return refusal[0];
    }
}
