package dev.vmplane;

import dev.vmplane.api.Wishes;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.SpecReader;
import java.util.Map;
import java.util.Optional;

/** Understands what is asked for through the API. */
record ApiWishes(SpecReader reader) implements Wishes {
    @Override
    public Optional<String> image(Map<String, Object> request) {
        return reader.trial(request).image();
    }

    @Override
    public PutJob read(Map<String, Object> request, PinnedImage image) {
        var wish = reader.read(request, image);
        return new PutJob(wish.jobId(), wish.tenant(), wish.spec(), DesiredVm.Source.API);
    }

    @Override
    public Wishes asWritten(String role) {
        return new ApiWishes(reader.asWritten(role));
    }
}
