package dev.vmplane.pool;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.disk.VolumeFiles;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Time;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeView;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the files of volumes whose rows say that they are to go, and then has the rows forgotten. A file without a row
 * is never removed: the database may be the wrong one, and what is on the file is somebody's. It is reported instead.
 */
public final class VolumeVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeVerticle.class);

    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final PageQuery EVERYTHING = new PageQuery(null, null, Integer.MAX_VALUE);

    private final VolumeFiles files;
    private final Time time;
    /** Ids of the volumes that are being removed. */
    private final Set<String> leaving = new HashSet<>();

    private Bus bus;
    private boolean stopped;

    public VolumeVerticle(VolumeFiles files, Time time) {
        this.files = files;
        this.time = time;
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return bus.listen(Address.COMMITTED, this::committed)
                .compose(listening -> files.held())
                .compose(held -> bus.ask(Address.STORE_VOLUME_LIST, EVERYTHING)
                        .map(rows -> look(
                                rows.items().stream().map(VolumeView::volume).toList(), held)));
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        return Future.succeededFuture();
    }

    /** A row is committed before its file is made, so a file that was seen before the rows and has none has lost it. */
    private Void look(List<Volume> rows, Set<String> held) {
        var lost = new TreeSet<>(held);
        lost.removeAll(rows.stream().map(Volume::id).collect(Collectors.toSet()));
        if (!lost.isEmpty()) {
            LOG.atWarn()
                    .addKeyValue("volumes", lost)
                    .log("volumes without a row are left as they are: is this the right database?"
                            + " Remove their files by hand if they shall go");
        }
        rows.stream().filter(Volume::deleting).forEach(this::remove);
        return null;
    }

    private void committed(Changes changes) {
        changes.volumes().stream().filter(Volume::deleting).forEach(this::remove);
    }

    private void remove(Volume volume) {
        if (stopped || !leaving.add(volume.id())) {
            return;
        }
        files.remove(volume.id())
                .compose(gone -> bus.ask(Address.STORE_VOLUME_REMOVED, volume))
                .onComplete(done -> leaving.remove(volume.id()))
                .onFailure(cause -> {
                    LOG.atWarn()
                            .addKeyValue("volume", volume.id())
                            .setCause(cause)
                            .log("a volume could not be removed and will be again");
                    time.after(RETRY, () -> remove(volume));
                });
    }
}
