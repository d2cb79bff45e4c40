package dev.vmplane;

import dev.vmplane.model.Fields;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.SpecReader;
import dev.vmplane.model.Wish;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

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
     * Everything {@code text} asks for.
     *
     * @throws RefusedException with the line of the first thing that is wrong
     */
    public List<Wish> parse(String text) {
        YamlDocument document;
        try {
            document = YamlDocument.parse(text);
        } catch (RefusedException malformed) {
            throw placed(file, malformed.refusal());
        }
        try {
            return wishes(Fields.strict("", document.object()));
        } catch (RefusedException refused) {
            var field = refused.refusal().field();
            throw placed(file + ":" + document.line(field == null ? "" : field), refused.refusal());
        }
    }

    /** A file without the field is refused: an empty one is more likely half written than a wish for nothing. */
    private List<Wish> wishes(Fields top) {
        top.require("vms", "a list, [] if no VM is to run");
        var wishes = new ArrayList<Wish>();
        var ids = new HashSet<String>();
        for (var request : top.objects("vms")) {
            var wish = reader.read(request, null);
            if (!ids.add(wish.jobId())) {
                request.refuseField(
                        "duplicate_job", "job_id", "cannot be '" + wish.jobId() + "': it is declared above");
            }
            wishes.add(wish);
        }
        top.end();
        return wishes;
    }

    private static RefusedException placed(String place, Refusal refusal) {
        return new Refusal(refusal.kind(), refusal.code(), refusal.field(), place + ": " + refusal.message())
                .asException();
    }
}
