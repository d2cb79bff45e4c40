package dev.vmplane.bus;

import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.Exec;
import dev.vmplane.model.Guard;
import dev.vmplane.model.GuestMetrics;
import dev.vmplane.model.Image;
import dev.vmplane.model.ImageConfig;
import dev.vmplane.model.ImageView;
import dev.vmplane.model.Intents;
import dev.vmplane.model.JobView;
import dev.vmplane.model.KeptAnswer;
import dev.vmplane.model.Kernel;
import dev.vmplane.model.Log;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Once;
import dev.vmplane.model.Phase;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.PoolSlice;
import dev.vmplane.model.Spec;
import dev.vmplane.model.Stats;
import dev.vmplane.model.VmState;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.model.VolumeView;
import java.util.List;

/**
 * The address book: every conversation between the stages, on one page. A name says owner, noun, verb; facts are past.
 *
 * @param <Q> what is asked or told
 * @param <A> what is answered
 */
@SuppressWarnings("UnusedTypeParameter") // they bind question and answer to a name at compile time only
public record Address<Q, A>(String name) {

    /** Wish for a job: create it or change it. Claims warm VMs in the same transaction. Answered when durable. */
    public static final Address<PutJob, PutAnswer> STORE_JOB_PUT = new Address<>("store.job.put");

    /** Forget a job and let its VMs go. Answered, with the {@code seq} of it, when durable. */
    public static final Address<DeleteJob, Long> STORE_JOB_DELETE = new Address<>("store.job.delete");

    /** Start, stop or restart a job. Claims warm VMs and lets others go in the same transaction. Answered when durable. */
    public static final Address<SteerJob, PutAnswer> STORE_JOB_STEER = new Address<>("store.job.steer");

    public static final Address<JobKey, JobView> STORE_JOB_GET = new Address<>("store.job.get");

    /** Jobs in the order of their ids. */
    public static final Address<PageQuery, Page<JobView>> STORE_JOB_LIST = new Address<>("store.job.list");

    public static final Address<String, MicroVm> STORE_INSTANCE_GET = new Address<>("store.instance.get");

    /** Instances, ended ones included, in the order of their ids. */
    public static final Address<PageQuery, Page<MicroVm>> STORE_INSTANCE_LIST = new Address<>("store.instance.list");

    public static final Address<VolumeKey, VolumeView> STORE_VOLUME_GET = new Address<>("store.volume.get");

    /** Volumes in the order of {@link VolumeKey#text}. */
    public static final Address<PageQuery, Page<VolumeView>> STORE_VOLUME_LIST = new Address<>("store.volume.list");

    /** Wish for the end of a volume. Refused while a job names it or a VM has it. Answered when durable. */
    public static final Address<VolumeKey, VolumeView> STORE_VOLUME_DELETE = new Address<>("store.volume.delete");

    /** The file of a volume that is to go is gone. */
    public static final Address<Volume, Long> STORE_VOLUME_REMOVED = new Address<>("store.volume.removed");

    /** An image is wanted under a reference: makes its row, or gives the row it has one more name. Answered when durable. */
    public static final Address<PutImage, Image> STORE_IMAGE_PUT = new Address<>("store.image.put");

    /** By digest, or by a reference in full. */
    public static final Address<String, ImageView> STORE_IMAGE_GET = new Address<>("store.image.get");

    /** Images in the order of their digests. */
    public static final Address<PageQuery, Page<ImageView>> STORE_IMAGE_LIST = new Address<>("store.image.list");

    /** How far the fetching of an image has come, or that it failed. Refused when its row says that it is to go. */
    public static final Address<ImageMoved, Image> STORE_IMAGE_MOVED = new Address<>("store.image.moved");

    /** Wish for the end of an image, by digest. Refused while a job names it or a VM boots from it. Answered when durable. */
    public static final Address<String, ImageView> STORE_IMAGE_DELETE = new Address<>("store.image.delete");

    /** Takes one of its names from an image; the image stays. */
    public static final Address<String, Image> STORE_IMAGE_UNTAG = new Address<>("store.image.untag");

    /** The files of an image, by digest, that is to go are gone. */
    public static final Address<String, Long> STORE_IMAGE_REMOVED = new Address<>("store.image.removed");

    /**
     * What a reference means on this host: known ones without asking anybody, others by asking their registry; its image is
     * then on its way.
     */
    public static final Address<LookUp, PinnedImage> IMAGE_LOOK_UP = new Address<>("image.look_up");

    /** Takes in an image from a file that was sent to this host; answered when it is known here, and on its way to be ready. */
    public static final Address<LoadImage, Image> IMAGE_LOAD = new Address<>("image.load");

    /** Ends every image that nobody uses. */
    public static final Address<Nothing, Pruned> IMAGE_PRUNE = new Address<>("image.prune");

    /** The kernels of this host, in the order of their names. */
    public static final Address<Nothing, Kernels> IMAGE_KERNELS = new Address<>("image.kernels");

    /** A life has moved on. Refused when the row says something else by now: then look at the row again. */
    public static final Address<Moved, MicroVm> STORE_INSTANCE_MOVED = new Address<>("store.instance.moved");

    /** Nothing of an ended VM, by its id, is left on the host. */
    public static final Address<String, Long> STORE_INSTANCE_RELEASED = new Address<>("store.instance.released");

    /** What should become rows. Answered, with the {@code seq} of it, when durable. */
    public static final Address<Intents, Long> STORE_INTEND = new Address<>("store.intend");

    /** Everything a decision about these keys needs, as committed. */
    public static final Address<Keys, Slices> STORE_SLICES = new Address<>("store.slices");

    /** Every key there is something to decide about. */
    public static final Address<Nothing, Keys> STORE_KEYS = new Address<>("store.keys");

    public static final Address<Nothing, Stats> STORE_STATS = new Address<>("store.stats");

    /** How a write that is done once was answered. Refused when its key belongs to another request. */
    public static final Address<Once, Kept> STORE_ANSWER_GET = new Address<>("store.answer.get");

    /** How a write that is done once is answered. Answered, with what stands if there was an answer before, when durable. */
    public static final Address<KeepAnswer, KeptAnswer> STORE_ANSWER_KEEP = new Address<>("store.answer.keep");

    /** A slice of the durable log. */
    public static final Address<EventQuery, List<Event>> STORE_EVENTS = new Address<>("store.events");

    /** Told to everybody after each commit, in the order of commits. */
    public static final Address<Changes, Void> COMMITTED = new Address<>("store.committed");

    /** Answered once the route table has applied everything up to this {@code seq}. */
    public static final Address<Long, Long> INGRESS_CAUGHT_UP = new Address<>("ingress.caught_up");

    /**
     * How many requests are under way to the VM with this id. Asked after the write that made the VM leave RUNNING was
     * answered, the number only falls: the ingress has heard of that commit before the question.
     */
    public static final Address<String, Integer> INGRESS_OUTSTANDING = new Address<>("ingress.outstanding");

    /** Tells a microVM's verticle, by the VM's id, that its row has changed. */
    public static Address<String, Void> vmLook(String vmId) {
        return new Address<>("vm." + vmId + ".look");
    }

    /**
     * Asks a microVM's verticle, by the VM's id, to take so many MiB of memory from its guest, as far as the guest can spare
     * them; 0 gives all back. Answered once the guest has been told.
     */
    public static Address<Integer, Integer> vmReclaim(String vmId) {
        return new Address<>("vm." + vmId + ".reclaim");
    }

    /** Starts a program in the guest of a microVM, by the VM's id. Answered when it runs. */
    public static Address<Exec.Start, Exec.Started> vmExec(String vmId) {
        return new Address<>("vm." + vmId + ".exec");
    }

    /** What the person at a session does, by the session's id. Answered when the guest has taken it: one at a time. */
    public static Address<Exec.Input, Nothing> execInput(String sessionId) {
        return new Address<>("exec." + sessionId + ".input");
    }

    /** What the guest does in a session, by the session's id. Answered when the reader has taken it: one at a time. */
    public static Address<Exec.Output, Nothing> execOutput(String sessionId) {
        return new Address<>("exec." + sessionId + ".output");
    }

    /** Where in what a VM of this node has printed a reader begins. */
    public static Address<Log.Find, Log.Span> logFind(String node) {
        return new Address<>("node." + node + ".log.find");
    }

    /** A piece of what a VM of this node has printed, also for some time after its end. */
    public static Address<Log.Read, Log.Chunk> logRead(String node) {
        return new Address<>("node." + node + ".log.read");
    }

    /** How the guest of a microVM, by the VM's id, is doing. */
    public static Address<Nothing, GuestMetrics> vmMetrics(String vmId) {
        return new Address<>("vm." + vmId + ".metrics");
    }

    /**
     * A complete wish for one job.
     *
     * @param starts whether it asks that the job runs; if not, one that somebody has stopped stays so
     * @param once null when it may be done each time it is sent
     */
    public record PutJob(
            String jobId, String tenant, Spec spec, DesiredVm.Source source, boolean starts, Guard guard, Once once) {
        /** A wish that holds whatever is there. The file says what jobs are, not which of them somebody has stopped. */
        public PutJob(String jobId, String tenant, Spec spec, DesiredVm.Source source) {
            this(jobId, tenant, spec, source, source == DesiredVm.Source.API, Guard.NONE, null);
        }

        public PutJob with(Guard guard) {
            return new PutJob(jobId, tenant, spec, source, starts, guard, once);
        }

        public PutJob with(Once once) {
            return new PutJob(jobId, tenant, spec, source, starts, guard, once);
        }

        /** The same for a job that may have been stopped, and stays so then. */
        public PutJob keepingStopped() {
            return new PutJob(jobId, tenant, spec, source, false, guard, once);
        }
    }

    /**
     * What a job is to do.
     *
     * @param tenant whose job it must be, or null for anybody's
     * @param once null when it may be done each time it is sent
     */
    public record SteerJob(String jobId, String tenant, Way way, Guard guard, Once once) {
        /** One that may be done each time it is sent. */
        public SteerJob(String jobId, String tenant, Way way, Guard guard) {
            this(jobId, tenant, way, guard, null);
        }

        public enum Way {
            /** Run again after a stop. */
            START,
            /** Let all VMs go and make no more, and stay what it is. */
            STOP,
            /** Have each VM replaced, the new one first; one that was stopped runs again. */
            RESTART
        }
    }

    /**
     * The end of a job.
     *
     * @param tenant whose job it must be, or null for anybody's
     * @param once null when it may be done each time it is sent
     * @param answer what is answered to one that is done once
     */
    public record DeleteJob(String jobId, String tenant, Guard guard, Once once, KeptAnswer answer) {
        /** The end of it if it is as somebody has seen it. */
        public DeleteJob(String jobId, String tenant, Guard guard) {
            this(jobId, tenant, guard, null, null);
        }

        /** The end of it whatever it is by now. */
        public DeleteJob(String jobId, String tenant) {
            this(jobId, tenant, Guard.NONE, null, null);
        }
    }

    /**
     * What became of a wish.
     *
     * @param attached warm VMs that were claimed for it; empty when it boots cold or nothing had to be done
     * @param seq how far followers must be to know of it
     */
    public record PutAnswer(DesiredVm job, boolean created, boolean changed, List<MicroVm> attached, long seq) {}

    /**
     * Which job.
     *
     * @param tenant whose job it must be, or null for anybody's
     */
    public record JobKey(String jobId, String tenant) {}

    /**
     * An answer from before.
     *
     * @param answer null when there is none
     */
    public record Kept(KeptAnswer answer) {}

    /** An answer that is to be given to whoever sends the request again. */
    public record KeepAnswer(Once once, KeptAnswer answer) {}

    /**
     * Which part of a list.
     *
     * @param tenant whose, or null for everybody's
     * @param after the id the last page ended with, or null for the first page
     */
    public record PageQuery(String tenant, String after, int limit) {}

    /**
     * A part of a list.
     *
     * @param next what to ask {@code after} for the page behind this one, or null
     */
    public record Page<T>(List<T> items, String next) {}

    /** Events with a {@code seq} above {@code since}, the oldest first. */
    public record EventQuery(long since, int limit) {}

    /**
     * One transition of a microVM.
     *
     * @param from the phase it was in when its verticle decided
     */
    public record Moved(String vmId, Phase from, VmState to) {}

    /**
     * Jobs by id, and warm pools by spec hash.
     *
     * @param volumes stand for the jobs that name them
     * @param images by digest: stand for the jobs that name them, and the pools of those
     */
    public record Keys(List<String> jobIds, List<String> specHashes, List<VolumeKey> volumes, List<String> images) {
        /** Keys without a volume and without an image. */
        public Keys(List<String> jobIds, List<String> specHashes) {
            this(jobIds, specHashes, List.of(), List.of());
        }
    }

    /**
     * The part of the world that belongs to some keys.
     *
     * @param jobs a view without a job is one that is gone and has left VMs
     */
    public record Slices(List<JobView> jobs, List<PoolSlice> pools) {}

    /**
     * An image that a reference was found to mean.
     *
     * @param size what has to be fetched
     */
    public record PutImage(String digest, String reference, ImageConfig config, Image.Progress size) {}

    /**
     * What has become of an image.
     *
     * @param state PULLING with more progress, READY, or FAILED
     * @param bytes what its root file system takes; 0 unless it is ready
     * @param trouble why it failed, for people, or null
     */
    public record ImageMoved(String digest, Image.State state, Image.Progress progress, long bytes, String trouble) {}

    /**
     * A reference as somebody wrote it.
     *
     * @param fresh ask the registry even if the reference is known here
     */
    public record LookUp(String reference, boolean fresh) {}

    /**
     * An image in a file.
     *
     * @param reference what it is to be called
     * @param file its name in the folder for what is sent to this host
     * @param tag which of several in the file is meant, or null
     */
    public record LoadImage(String reference, String file, String tag) {}

    /** What a clean-up has ended. */
    public record Pruned(List<String> digests, long bytes) {}

    /** A list of kernels. */
    public record Kernels(List<Kernel> kernels) {}

    /** A question that needs no words. */
    public record Nothing() {
        public static final Nothing NOTHING = new Nothing();
    }
}
