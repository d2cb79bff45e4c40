package dev.vmplane.image;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.ImageMoved;
import dev.vmplane.bus.Address.Kernels;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Address.Pruned;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the images of this host: makes what is in the image directory equal to the rows about it. What a row says is on its
 * way is fetched, what it says is to go is removed, and what is said to be there and is not is fetched again.
 */
public final class ImageVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ImageVerticle.class);

    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final int PAGE = 500;

    /** Threads for registries that are asked, archives that are read, and files that are removed. */
    private static final int THREADS = 4;

    private final Path directory;
    private final ImageSettings settings;
    private final String path;
    private final Time time;
    private final ImageFiles files;
    private final KernelFiles kernels;
    /** Alarms for the next attempt to get an image, by digest. */
    private final Map<String, Time.Alarm> attempts = new HashMap<>();
    /** Digests of images whose files are being removed. */
    private final Set<String> leaving = new HashSet<>();

    private Bus bus;
    private WorkerExecutor worker;
    private WorkerExecutor pullers;
    private Turns turns;
    private Pulls pulls;
    private LookUps lookUps;
    private boolean ours;
    private boolean counting;
    private boolean stopped;

    /**
     * For the images in {@code directory}.
     *
     * @param databaseId whose rows those are that say what is to be there
     * @param path the directories to look for programs in, separated as in {@code PATH}
     */
    public ImageVerticle(Path directory, String databaseId, ImageSettings settings, String path, Time time) {
        this.directory = directory;
        this.settings = settings;
        this.path = path;
        this.time = time;
        this.files = new ImageFiles(directory, databaseId);
        this.kernels = new KernelFiles(directory);
    }

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        worker = vertx.createSharedWorkerExecutor("image", THREADS, 15, TimeUnit.MINUTES);
        // A pull holds its thread for as long as it takes, and that is bounded.
        pullers = vertx.createSharedWorkerExecutor(
                "image-pull", settings.pulls(), settings.pullLimit().toMinutes() + 15, TimeUnit.MINUTES);
        turns = new Turns();
        var pull = new Pull(files, settings, path, this::freeBytes);
        pulls = new Pulls(bus, time, pull, pullers, settings.pullLimit(), turns);
        lookUps = new LookUps(bus, pull, files, worker, turns);
        return onWorker(this::open)
                .compose(opened -> Future.all(
                        bus.listen(Address.COMMITTED, this::committed),
                        bus.answer(Address.IMAGE_LOOK_UP, lookUps::lookUp),
                        bus.answer(Address.IMAGE_LOAD, lookUps::load),
                        bus.answer(Address.IMAGE_PRUNE, nothing -> prune()),
                        bus.answer(Address.IMAGE_KERNELS, nothing -> kernels())))
                .compose(listening -> rows())
                .compose(this::lookAround);
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        attempts.values().forEach(Time.Alarm::cancel);
        return pulls.stop().eventually(pullers::close).eventually(worker::close);
    }

    private Void open() throws Exception {
        ours = files.ours();
        if (ours) {
            files.clearWork();
        } else {
            LOG.atWarn()
                    .addKeyValue("directory", directory)
                    .log("the image directory holds images of another database, which are left as they are:"
                            + " give each server an image directory of its own");
        }
        return null;
    }

    /** What is begun on the worker may end in any order; once we have stopped, nothing is begun. */
    private <T> Future<T> onWorker(Callable<T> work) {
        return stopped ? Future.failedFuture("the control plane stops") : worker.executeBlocking(work, false);
    }

    private long freeBytes() {
        try {
            return files.freeBytes();
        } catch (IOException unknown) {
            return Long.MAX_VALUE;
        }
    }

    private Future<List<ImageView>> rows() {
        var read = Promise.<List<ImageView>>promise();
        readPage(new ArrayList<>(), null, read);
        return read.future();
    }

    private void readPage(List<ImageView> rows, String after, Promise<List<ImageView>> read) {
        bus.ask(Address.STORE_IMAGE_LIST, new PageQuery(null, after, PAGE))
                .onComplete(
                        page -> {
                            rows.addAll(page.items());
                            if (page.next() == null) {
                                read.complete(rows);
                            } else {
                                readPage(rows, page.next(), read);
                            }
                        },
                        read::fail);
    }

    /** Compares what the rows say with what is there, once, and then goes on from each row. */
    private Future<Void> lookAround(List<ImageView> rows) {
        var images = rows.stream().map(ImageView::image).toList();
        var digests = images.stream().map(Image::digest).collect(Collectors.toSet());
        return onWorker(() -> {
                    if (ours) {
                        removeStrays(digests);
                    }
                    return files.rooted();
                })
                .map(rooted -> {
                    for (var image : images) {
                        if (image.state() == Image.State.READY && !rooted.contains(image.digest())) {
                            LOG.atWarn()
                                    .addKeyValue("image", image.digest())
                                    .log("an image is gone and is fetched again");
                            fetchAgain(image);
                        } else {
                            follow(image);
                        }
                    }
                    tidy();
                    return null;
                });
    }

    private void removeStrays(Set<String> digests) throws IOException {
        var strays = new TreeSet<>(files.rooted());
        strays.addAll(files.laidOut());
        strays.removeAll(digests);
        for (var stray : strays) {
            LOG.atInfo().addKeyValue("image", stray).log("an image without a row is removed");
            files.remove(stray);
        }
    }

    private void committed(Changes changes) {
        changes.images().forEach(this::follow);
        changes.imagesGone().forEach(gone -> forgetAttempt(gone.digest()));
    }

    private void follow(Image image) {
        if (stopped) {
            return;
        }
        forgetAttempt(image.digest());
        switch (image.state()) {
            case PULLING -> pulls.want(image);
            case READY -> keepTheBudget();
            case FAILED -> attemptLater(image);
            case DELETING -> leave(image);
        }
    }

    private void forgetAttempt(String digest) {
        var attempt = attempts.remove(digest);
        if (attempt != null) {
            attempt.cancel();
        }
    }

    private void attemptLater(Image image) {
        if (image.nextTry() != null) {
            var wait = Duration.between(time.now(), image.nextTry());
            attempts.put(image.digest(), time.after(wait.isNegative() ? Duration.ZERO : wait, () -> fetchAgain(image)));
        }
    }

    /** The row says so first, and its commit is what begins it. */
    private void fetchAgain(Image image) {
        var nothingYet =
                new Image.Progress(0, image.progress().of(), 0, image.progress().ofLayers());
        bus.ask(Address.STORE_IMAGE_MOVED, new ImageMoved(image.digest(), Image.State.PULLING, nothingYet, 0, null))
                .onFailure(cause -> LOG.atWarn()
                        .addKeyValue("image", image.digest())
                        .addKeyValue("error", cause.getMessage())
                        .log("an image could not be fetched again"));
    }

    /** Its files go before its row does. */
    private void leave(Image image) {
        var digest = image.digest();
        if (stopped || !leaving.add(digest)) {
            return;
        }
        pulls.end(digest)
                .compose(ended -> onWorker(() -> {
                    files.remove(digest);
                    return null;
                }))
                .compose(gone -> bus.ask(Address.STORE_IMAGE_REMOVED, digest))
                .onComplete(done -> leaving.remove(digest))
                .onSuccess(removed -> {
                    LOG.atInfo().addKeyValue("image", digest).log("image removed");
                    tidy();
                })
                .onFailure(cause -> {
                    if (stopped) {
                        return;
                    }
                    LOG.atWarn()
                            .addKeyValue("image", digest)
                            .setCause(cause)
                            .log("an image could not be removed and will be again");
                    time.after(RETRY, () -> leave(image));
                });
    }

    /** Removes what no image is made of any more, once nothing is on its way in. */
    private void tidy() {
        if (!ours) {
            return;
        }
        turns.alone(() -> onWorker(() -> {
                    files.removeUnused();
                    return null;
                }))
                .onFailure(cause -> {
                    if (!stopped) {
                        LOG.atWarn().setCause(cause).log("what images are made of could not be tidied up");
                    }
                })
                .onComplete(done -> keepTheBudget());
    }

    /** One at a time: how much the end of an image gives back shows when it is gone. */
    private void keepTheBudget() {
        if (stopped || counting || !leaving.isEmpty()) {
            return;
        }
        counting = true;
        onWorker(files::contentBytes)
                .compose(bytes -> rows().map(rows -> ImageBudget.next(rows, bytes, settings.budgetBytes())))
                .onComplete(done -> counting = false)
                .onSuccess(next -> next.ifPresent(this::makeRoom))
                .onFailure(cause -> {
                    if (!stopped) {
                        LOG.atWarn().addKeyValue("error", cause.getMessage()).log("images could not be counted");
                    }
                });
    }

    /** Whoever begins to use it just now keeps it. */
    private void makeRoom(ImageView view) {
        var image = view.image();
        LOG.atInfo()
                .addKeyValue("image", image.digest())
                .addKeyValue("names", image.references())
                .log("an image that nobody uses makes room");
        bus.ask(Address.STORE_IMAGE_DELETE, image.digest())
                .onFailure(cause -> LOG.atInfo()
                        .addKeyValue("image", image.digest())
                        .addKeyValue("error", cause.getMessage())
                        .log("an image stays"));
    }

    private Future<Pruned> prune() {
        return rows().compose(rows -> {
            var ended = new ArrayList<Future<ImageView>>();
            rows.stream()
                    .filter(ImageBudget::idle)
                    .forEach(view -> ended.add(
                            bus.ask(Address.STORE_IMAGE_DELETE, view.image().digest())
                                    .otherwise((ImageView) null)));
            return Future.join(ended).map(all -> pruned(ended));
        });
    }

    /** Those that somebody began to use in between have stayed. */
    private static Pruned pruned(List<Future<ImageView>> ended) {
        var gone = ended.stream()
                .map(Future::result)
                .filter(view -> view != null)
                .map(ImageView::image)
                .toList();
        return new Pruned(
                gone.stream().map(Image::digest).toList(),
                gone.stream().mapToLong(Image::bytes).sum());
    }

    private Future<Kernels> kernels() {
        return onWorker(() -> new Kernels(kernels.list()));
    }
}
