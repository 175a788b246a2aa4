# The table of system calls, from this system's headers. Its .d names them: newer headers make it
# anew.
NUMBERS_TABLE := $(BUILD)/generated/numbers_table.h

$(NUMBERS_TABLE): config/numbers.sh $(BUILD)/flags
	@mkdir -p $(@D)
	config/numbers.sh $@ $(CC) $(CFLAGS)

$(foreach kind,hosted freestanding fuzzing,$(BUILD)/$(kind)/config/numbers.o): $(NUMBERS_TABLE)
