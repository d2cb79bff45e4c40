package dev.vmplane;

import dev.vmplane.api.DesiredDraft;
import dev.vmplane.model.Fields;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.SpecReader;
import dev.vmplane.model.Wish;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Understands the file that declares VMs: an object whose one field {@code vms} lists requests. */
public final class DesiredVms {
    private final String file;
    private final SpecReader reader;

    /** For the file of that name, which stands in front of every complaint. */
    public DesiredVms(String file, SpecReader reader) {
        this.file = file;
        this.reader = reader;
    }

    /**
     * Everything {@code text} asks for, with its images still to be looked up.
     *
     * @throws RefusedException with the line of the first thing that is wrong
     */
    public DesiredDraft read(String text) {
        YamlDocument document;
        try {
            document = YamlDocument.parse(text);
        } catch (RefusedException malformed) {
            throw placed(file, malformed.refusal());
        }
        var draft = new Draft(document);
        placed(document, draft::examine);
        return draft;
    }

    /** A document that holds a list of requests. */
    private final class Draft implements DesiredDraft {
        private final YamlDocument document;
        private final Map<String, String> images = new LinkedHashMap<>();

        private Draft(YamlDocument document) {
            this.document = document;
        }

        @Override
        public Map<String, String> images() {
            return images;
        }

        /** A file without the field is refused: an empty one is more likely half written than a wish for nothing. */
        private Void examine() {
            var top = Fields.strict("", document.object());
            top.require("vms", "a list, [] if no VM is to run");
            var ids = new HashSet<String>();
            for (var request : top.objects("vms")) {
                var trial = reader.trial(request);
                if (!ids.add(trial.jobId())) {
                    request.refuseField(
                            "duplicate_job", "job_id", "cannot be '" + trial.jobId() + "': it is declared above");
                }
                trial.image().ifPresent(image -> images.put(trial.jobId(), image));
            }
            top.end();
            return null;
        }

        @Override
        public List<Wish> wishes(Map<String, PinnedImage> pins) {
            return placed(document, () -> {
                var wishes = new ArrayList<Wish>();
                for (var request : Fields.strict("", document.object()).objects("vms")) {
                    var jobId = reader.trial(request).jobId();
                    if (!images.containsKey(jobId) || pins.containsKey(jobId)) {
                        wishes.add(reader.read(request, pins.get(jobId)));
                    }
                }
                return wishes;
            });
        }
    }

    private <T> T placed(YamlDocument document, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (RefusedException refused) {
            var field = refused.refusal().field();
            throw placed(file + ":" + document.line(field == null ? "" : field), refused.refusal());
        }
    }

    private static RefusedException placed(String place, Refusal refusal) {
        return new Refusal(refusal.kind(), refusal.code(), refusal.field(), place + ": " + refusal.message())
                .asException();
    }
}
