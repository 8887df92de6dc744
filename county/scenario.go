package county

// Scenario says how much of what happens in a year. It plans stories, not
// figures: the figures are counted from the cases that the stories leave.
type Scenario struct {
	Year   int
	Seed   uint64
	Shares []Share

	// Of 1,000 answered appeals and petitions: not yet called back, called three
	// times in vain, brought by somebody who had been here with the matter before.
	NotCalled, Unreached, Repeated int
	// Of 1,000 ratings.
	Dissatisfied, Basically int
}

// Share is how many cases of a procedure go one way.
type Share struct {
	Procedure string
	Story     string
	As        string // what sets cases of one story apart: the mark of a dispute, the class or the outcome
	N         int    // received in the year
	Carried   int    // received late in the year before and concluded in this one
}

// Scenario2020 is the year of the county's report. Its figures follow from the
// stories: of 62,000 appeals and more 99 % are answered, and 98 % of the ratings
// are good; 2,576 mediations of the four procedures agree, 174 do not; 49
// reconsiderations end, 21 of them carried in, and 11 put the act right.
func Scenario2020(seed uint64) Scenario {
	return Scenario{
		Year: 2020, Seed: seed, NotCalled: 30, Unreached: 240, Repeated: 47, Dissatisfied: 20, Basically: 145,
		Shares: []Share{
			{"appeal", appealUsual, "", 47_894, 346},
			{"appeal", appealDirect, "", 8_106, 0},
			{"appeal", appealLate, "", 742, 0},
			{"appeal", appealHandedBack, "", 1_873, 0},
			{"appeal", appealExtended, "", 1_264, 0},
			{"appeal", appealRedone, "", 611, 0},
			{"appeal", appealReopened, "", 318, 0},
			{"appeal", appealRefused, "", 402, 0},
			{"appeal", appealMerged, "", 287, 0},
			{"appeal", appealUnmerged, "", 24, 0},
			{"appeal", appealReferred, mediationAgreed, 148, 0},
			{"appeal", appealReferred, mediationFailed, 12, 0},
			{"appeal", appealReferred, mediationNotAccepted, 9, 0},
			{"appeal", appealReferred, petitionUsual, 96, 0},
			{"appeal", appealReferred, petitionNotAccepted, 11, 0},
			{"appeal", appealReferred, petitionMediated, 8, 0},
			{"appeal", appealReferred, petitionUnmediated, 2, 0},
			{"appeal", appealWithdrawn, "", 233, 0},
			{"appeal", appealTerminated, "", 71, 0},
			{"appeal", appealOpen, "", 553, 0},

			{"petition", petitionUsual, "", 952, 61},
			{"petition", petitionExtended, "", 58, 0},
			{"petition", petitionReviewed, "", 37, 0},
			{"petition", petitionRechecked, "", 14, 0},
			{"petition", petitionSupervised, "", 33, 0},
			{"petition", petitionMediated, "", 38, 0},
			{"petition", petitionUnmediated, "", 6, 0},
			{"petition", petitionMerged, "", 27, 0},
			{"petition", petitionUnmerged, "", 5, 0},
			{"petition", petitionNotAccepted, "", 110, 0},
			{"petition", petitionWithdrawn, "", 26, 0},
			{"petition", petitionOpen, "", 94, 0},

			{"mediation", mediationAgreed, "", 590, 72},
			{"mediation", mediationOral, "", 150, 0},
			{"mediation", mediationEscalated, "", 34, 0},
			{"mediation", mediationFailed, "", 52, 0},
			{"mediation", mediationWithdrawn, "", 31, 0},
			{"mediation", mediationNotAccepted, "", 22, 0},
			{"mediation", mediationOpen, "", 38, 0},

			{"police_mediation", policeAgreed, "", 214, 0},
			{"police_mediation", policeAgreedSecond, "", 61, 0},
			{"police_mediation", policeReferred, mediationAgreed, 126, 0},
			{"police_mediation", policeReferred, mediationFailed, 14, 0},
			{"police_mediation", policePenalty, "", 47, 0},
			{"police_mediation", policeExcluded, "", 29, 0},
			{"police_mediation", policeEnded, "", 12, 0},
			{"police_mediation", policeOpen, "", 17, 0},

			{"litigation_mediation", entrustedAgreed, "", 148, 0},
			{"litigation_mediation", entrustedAgreed, markEnterprise, 62, 0},
			{"litigation_mediation", entrustedAgreed, markFinancial, 40, 0},
			{"litigation_mediation", entrustedOral, "", 36, 0},
			{"litigation_mediation", entrustedInSuit, "", 68, 0},
			{"litigation_mediation", entrustedInSuit, markEnterprise, 34, 0},
			{"litigation_mediation", entrustedFailed, "", 19, 0},
			{"litigation_mediation", entrustedFailed, markFinancial, 6, 0},
			{"litigation_mediation", entrustedFailedInSuit, "", 9, 0},
			{"litigation_mediation", entrustedDeclined, "", 8, 0},
			{"litigation_mediation", entrustedWithdrawn, "", 11, 0},
			{"litigation_mediation", entrustedOpen, "", 13, 0},

			{"administrative_mediation", authorityAgreed, "", 60, 0},
			{"administrative_mediation", authorityAgreed, markEnterprise, 14, 0},
			{"administrative_mediation", authorityFailed, "", 8, 0},
			{"administrative_mediation", authorityNotAccepted, "", 6, 0},
			{"administrative_mediation", authorityOpen, "", 5, 0},

			{"enterprise_mediation", mediationAgreed, markEnterprise, 640, 0},
			{"enterprise_mediation", mediationOral, markEnterprise, 112, 0},
			{"enterprise_mediation", mediationFailed, markEnterprise, 30, 0},
			{"enterprise_mediation", mediationWithdrawn, markEnterprise, 14, 0},
			{"enterprise_mediation", mediationOpen, markEnterprise, 27, 0},
			{"enterprise_mediation", mediationAgreed, markFinancial, 138, 0},
			{"enterprise_mediation", mediationFailed, markFinancial, 12, 0},
			{"enterprise_mediation", mediationWithdrawn, markFinancial, 3, 0},
			{"enterprise_mediation", mediationOpen, markFinancial, 5, 0},
			{"enterprise_mediation", mediationAgreed, markBoth, 58, 0},
			{"enterprise_mediation", mediationFailed, markBoth, 4, 0},
			{"enterprise_mediation", mediationOpen, markBoth, 2, 0},

			// 28 end in the year and 21 carried in, after 35 hearings.
			{"reconsideration", reconsiderationHeard, "upheld", 8, 6},
			{"reconsideration", reconsiderationHeard, "revoked", 2, 1},
			{"reconsideration", reconsiderationHeard, "partly_revoked", 1, 0},
			{"reconsideration", reconsiderationHeard, "changed", 0, 1},
			{"reconsideration", reconsiderationHeard, "confirmed_illegal", 1, 1},
			{"reconsideration", reconsiderationHeard, "ordered_to_perform", 1, 1},
			{"reconsideration", reconsiderationHeard, "settled_corrected", 1, 1},
			{"reconsideration", reconsiderationHeard, "mediated", 2, 1},
			{"reconsideration", reconsiderationHeard, "withdrawn", 4, 3},
			{"reconsideration", reconsiderationWritten, "upheld", 4, 2},
			{"reconsideration", reconsiderationWritten, "dismissed", 1, 2},
			{"reconsideration", reconsiderationWritten, "withdrawn", 3, 2},
			{"reconsideration", reconsiderationRefused, "", 3, 0},
			{"reconsideration", reconsiderationOpen, "", 2, 0},

			// 25 and the 4 that an appeal opens: one for each instance.
			{"litigation_response", suitWon, "", 9, 0},
			{"litigation_response", suitDismissed, "", 2, 0},
			{"litigation_response", suitLost, "", 2, 0},
			{"litigation_response", suitAppealed, "", 3, 0},
			{"litigation_response", suitAppealWithdrawn, "", 1, 0},
			{"litigation_response", suitSettled, "", 3, 0},
			{"litigation_response", suitWithdrawn, "", 3, 0},
			{"litigation_response", suitOpen, "", 2, 0},

			{"proposal", proposalSolved, "npc", 49, 0},
			{"proposal", proposalPlanned, "npc", 13, 0},
			{"proposal", proposalExtended, "npc", 4, 0},
			{"proposal", proposalReassigned, "npc", 3, 0},
			{"proposal", proposalRedone, "npc", 2, 0},
			{"proposal", proposalSolved, "cppcc", 61, 0},
			{"proposal", proposalPlanned, "cppcc", 16, 0},
			{"proposal", proposalExtended, "cppcc", 5, 0},
			{"proposal", proposalReassigned, "cppcc", 3, 0},
			{"proposal", proposalRedone, "cppcc", 3, 0},

			{"backlog", backlogResolved, "five_year", 31, 0},
			{"backlog", backlogConcluded, "five_year", 4, 0},
			{"backlog", backlogSentBack, "five_year", 3, 0},
			{"backlog", backlogRebounded, "five_year", 2, 0},
			{"backlog", backlogResolved, "four_key", 26, 0},
			{"backlog", backlogSentBack, "four_key", 2, 0},
			{"backlog", backlogRemoved, "four_key", 1, 0},
		},
	}
}
