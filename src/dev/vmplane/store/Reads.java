package dev.vmplane.store;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.Keys;
import dev.vmplane.bus.Address.Page;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.model.VolumeView;
import io.vertx.core.Future;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** What is answered from the ledger alone, at once. */
final class Reads {
    private final Ledger ledger;

    Reads(Ledger ledger) {
        this.ledger = ledger;
    }

    Future<?> answer(Bus bus) {
        return Future.all(List.of(
                bus.answer(Address.STORE_JOB_GET, this::job),
                bus.answer(Address.STORE_JOB_LIST, this::jobs),
                bus.answer(Address.STORE_INSTANCE_GET, this::instance),
                bus.answer(Address.STORE_INSTANCE_LIST, this::instances),
                bus.answer(Address.STORE_VOLUME_GET, this::volume),
                bus.answer(Address.STORE_VOLUME_LIST, this::volumes),
                bus.answer(Address.STORE_IMAGE_GET, this::image),
                bus.answer(Address.STORE_IMAGE_LIST, this::images),
                bus.answer(Address.STORE_SLICES, keys -> Future.succeededFuture(ledger.slices(keys))),
                bus.answer(Address.STORE_KEYS, nothing -> Future.succeededFuture(keys())),
                bus.answer(Address.STORE_STATS, nothing -> Future.succeededFuture(ledger.stats()))));
    }

    private Future<JobView> job(JobKey key) {
        var job = ledger.job(key.jobId());
        return job == null || (key.tenant() != null && !key.tenant().equals(job.tenant()))
                ? notFound("job_not_found", "job '" + key.jobId() + "' does not exist")
                : Future.succeededFuture(ledger.view(job));
    }

    private Future<Page<JobView>> jobs(PageQuery query) {
        var jobs = ledger.jobsAfter(query.tenant(), query.after(), query.limit());
        return page(jobs, query, view -> view.job().jobId());
    }

    private Future<MicroVm> instance(String vmId) {
        var vm = ledger.vm(vmId);
        return vm == null ? notFound("vm_not_found", "vm '" + vmId + "' does not exist") : Future.succeededFuture(vm);
    }

    private Future<Page<MicroVm>> instances(PageQuery query) {
        return page(ledger.vmsAfter(query.tenant(), query.after(), query.limit()), query, MicroVm::vmId);
    }

    private Future<VolumeView> volume(VolumeKey key) {
        var volume = ledger.volume(key);
        return volume == null
                ? notFound("volume_not_found", "volume '" + key.name() + "' does not exist")
                : Future.succeededFuture(ledger.view(volume));
    }

    private Future<Page<VolumeView>> volumes(PageQuery query) {
        var volumes = ledger.volumesAfter(query.tenant(), query.after(), query.limit());
        return page(volumes, query, view -> view.volume().key().text());
    }

    private Future<ImageView> image(String name) {
        var images = ledger.images();
        var called = images.named(name);
        var image = called == null ? images.image(name) : called;
        return image == null
                ? notFound("image_not_found", "image '" + name + "' does not exist")
                : Future.succeededFuture(images.view(image));
    }

    /** Images are nobody's: whose they are is not asked. */
    private Future<Page<ImageView>> images(PageQuery query) {
        return page(
                ledger.images().after(query.after(), query.limit()),
                query,
                view -> view.image().digest());
    }

    private Keys keys() {
        var jobs = Stream.concat(ledger.jobIds().stream(), ledger.orphanedJobIds().stream());
        return new Keys(jobs.toList(), ledger.specHashes());
    }

    private static <T> Future<Page<T>> page(List<T> items, PageQuery query, Function<T, String> id) {
        var full = items.size() == query.limit();
        return Future.succeededFuture(new Page<>(items, full ? id.apply(items.get(items.size() - 1)) : null));
    }

    private static <A> Future<A> notFound(String code, String message) {
        return Future.failedFuture(Refusal.notFound(code, message).asException());
    }
}
