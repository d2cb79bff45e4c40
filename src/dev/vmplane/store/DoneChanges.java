package dev.vmplane.store;

import dev.vmplane.model.KeptAnswer;
import dev.vmplane.model.Once;
import java.util.List;
import java.util.Map;

/**
 * What one transaction changes of the writes that are done once. It is nobody's business but the store's, so it is not
 * among what everybody is told.
 *
 * @param answers those that came to be known, of writes that are done
 */
record DoneChanges(List<Done> done, List<Once.Id> gone, Map<Once.Id, KeptAnswer> answers) {
    static final DoneChanges NONE = new DoneChanges(List.of(), List.of(), Map.of());

    boolean isEmpty() {
        return done.isEmpty() && gone.isEmpty() && answers.isEmpty();
    }
}
