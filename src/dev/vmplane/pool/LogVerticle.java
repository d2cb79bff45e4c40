package dev.vmplane.pool;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.LogArchive;
import dev.vmplane.host.LogFiles;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers for what the VMs of this host have printed, and from time to time drops what is kept of those that have no row
 * any more. That is a sweep later than it could be, so that whoever follows a VM can still read its last words.
 */
public final class LogVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(LogVerticle.class);

    private static final Duration SWEEP = Duration.ofMinutes(1);
    private static final PageQuery EVERYTHING = new PageQuery(null, null, Integer.MAX_VALUE);

    private final String node;
    private final LogFiles files;
    private final LogArchive archive;
    private final Time time;
    private Bus bus;
    /** The VMs whose rows the last sweep missed already. */
    private Set<String> missed = Set.of();

    private boolean stopped;

    public LogVerticle(String node, LogFiles files, LogArchive archive, Time time) {
        this.node = node;
        this.files = files;
        this.archive = archive;
        this.time = time;
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return Future.all(
                        bus.answer(Address.logFind(node), files::find), bus.answer(Address.logRead(node), files::read))
                .onSuccess(answering -> time.after(SWEEP, this::sweepAgain));
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        return Future.succeededFuture();
    }

    private void sweepAgain() {
        if (stopped) {
            return;
        }
        sweep().onFailure(cause -> LOG.atWarn().setCause(cause).log("old logs could not be removed and will be again"))
                .onComplete(done -> time.after(SWEEP, this::sweepAgain));
    }

    private Future<Void> sweep() {
        return archive.kept()
                .compose(kept -> bus.ask(Address.STORE_INSTANCE_LIST, EVERYTHING)
                        .compose(rows -> {
                            var lost = new HashSet<>(kept);
                            rows.items().stream().map(MicroVm::vmId).forEach(lost::remove);
                            var gone = new HashSet<>(lost);
                            gone.retainAll(missed);
                            missed = lost;
                            return gone.isEmpty() ? Future.succeededFuture() : archive.drop(gone);
                        }));
    }
}
